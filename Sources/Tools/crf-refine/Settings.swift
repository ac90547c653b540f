import Lattice
import MeanField
import Support
import ToolSupport
import Unaries

/// The options of a run, checked and turned into the library's values.
struct Settings {
  /// The files or folders that are named.
  var files: Job
  var isFolder: Bool
  var unary: UnarySettings
  var presetName: String?
  var kernels: [KernelDescription]
  var normalization: Normalization
  var iterations: Int
  var tolerance: Float
  var selfTerm: SelfTerm
  var backend: any FilterBackend
  /// `nil` unless the exact filter is chosen.
  var exact: ExactSettings?
  /// `nil` where images are refined whole.
  var tiling: TileSettings?
  var parallelism: Parallelism
  var palette: Palette
  var void: UInt16
  var trimapWidths: [Int]
  var resumes: Bool
  var printsJSON: Bool
  var isQuiet: Bool

  /// - Throws: `InputError` naming the option that cannot be followed.
  init(
    input: InputOptions, model: ModelOptions, exact options: ExactOptions, tiles: TileOptions,
    output: OutputOptions
  ) throws {
    files = try Job(input: input, output: output)
    isFolder = FileSystem.isFolder(files.unary)
    palette = try Self.palette(output.palette)
    unary = try UnarySettings(input, palette: palette)
    let choice = try ModelChoice(model, hasImage: input.image != nil)
    presetName = choice.presetName
    kernels = choice.kernels
    normalization = choice.normalization
    iterations = choice.iterations
    guard model.tolerance >= 0, model.tolerance.isFinite else {
      throw InputError(
        .usage, at: "--tolerance", "is \(model.tolerance), but must be 0 or more",
        remedy: "0 does every iteration; 0.001 stops early")
    }
    tolerance = model.tolerance
    selfTerm = model.excludeSelf ? .excluded : .included
    do {
      backend = try FilterBackends.named(model.filter)
    } catch let error as InputError {
      throw error.at("--filter")
    }
    exact = try ExactSettings(options, filter: backend.name)
    if let exact { backend = exact.backend() }
    if let threads = model.threads {
      guard (1...4096).contains(threads) else {
        throw InputError(
          .usage, at: "--threads", "is \(threads), but must be 1…4096",
          remedy: "leave it out to use every processor")
      }
      parallelism = Parallelism(threads: threads)
    } else {
      parallelism = .automatic
    }
    guard let void = UInt16(exactly: input.void) else {
      throw InputError(
        .usage, at: "--void", "is \(input.void), but labels are 0…65535", remedy: "255 is usual")
    }
    self.void = void
    trimapWidths = try Self.widths(input.trimap)
    if files.groundTruth == nil {
      try OptionCheck.refuse(
        ["--trimap": !trimapWidths.isEmpty],
        because: "measures against true labels, but none are given", remedy: "add --ground-truth")
    }
    tiling = try TileSettings(tiles, kernels: kernels)
    resumes = output.resume
    printsJSON = output.json
    isQuiet = output.quiet
    if tiling != nil { try checkTiling() }
    try files.check(isFolder: isFolder, resumes: resumes, printsJSON: printsJSON)
  }

  /// - Throws: `InputError` where something is asked for that tiles cannot give.
  private func checkTiling() throws {
    if !trimapWidths.isEmpty {
      throw InputError(
        .usage, at: "--trimap",
        "needs the distances to all boundaries of an image, which --tile never holds whole",
        remedy: "leave it out; --ground-truth alone works with tiles")
    }
    if exact != nil {
      throw InputError(
        .usage, at: "--filter",
        "is exact, which bounds what pairs of pixels anywhere contribute; --tile leaves out pairs "
          + "of different tiles", remedy: "use another filter, or leave --tile out")
    }
  }

  private static func palette(_ name: String) throws -> Palette {
    guard let known = try? Palette.named(name) else {
      guard FileSystem.exists(name) else {
        throw InputError(
          .usage, at: "--palette", "is '\(name)', which is neither a known palette nor a file",
          remedy: "known are \(Palette.knownNames); a file has a line 'red green blue name' a label"
        )
      }
      return try Palette.read(name)
    }
    return known
  }

  private static func widths(_ text: String?) throws -> [Int] {
    guard let text else { return [] }
    return try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let width = Int(part), width >= 1, width <= 1 << 20 else {
        throw InputError(
          .usage, at: "--trimap", "has the width '\(part)', but widths are whole numbers above 0",
          remedy: "as in --trimap 1,2,4,8")
      }
      return width
    }
  }
}
