import Support
import ToolSupport
import Unaries

/// The options of a run, checked and turned into the library's values.
struct Settings {
  /// The files or folders that are named.
  var files: Job
  var isFolder: Bool
  var unary: UnarySettings
  var crf: CRFSettings
  /// `nil` where images are refined whole.
  var tiling: TileSettings?
  var palette: Palette
  var void: UInt16
  var trimapWidths: [Int]
  var resumes: Bool
  var printsJSON: Bool
  var isQuiet: Bool

  /// The threads to use.
  var parallelism: Parallelism { crf.parallelism }

  /// - Throws: `InputError` naming the option that cannot be followed.
  init(
    input: InputOptions, model: ModelOptions, exact options: ExactOptions, tiles: TileOptions,
    output: OutputOptions
  ) throws {
    files = try Job(input: input, output: output)
    isFolder = FileSystem.isFolder(files.unary)
    palette = try Palette(option: output.run.palette)
    unary = try UnarySettings(input, palette: palette)
    crf = try CRFSettings(model, exact: options, hasImage: input.image != nil)
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
    tiling = try TileSettings(tiles, kernels: crf.kernels)
    resumes = output.run.resume
    printsJSON = output.json
    isQuiet = output.run.quiet
    if tiling != nil { try checkTiling() }
    try files.check(resumes: resumes, printsJSON: printsJSON)
  }

  /// - Throws: `InputError` where something is asked for that tiles cannot give.
  private func checkTiling() throws {
    if !trimapWidths.isEmpty {
      throw InputError(
        .usage, at: "--trimap",
        "needs the distances to all boundaries of an image, which --tile never holds whole",
        remedy: "leave it out; --ground-truth alone works with tiles")
    }
    if crf.exact != nil {
      throw InputError(
        .usage, at: "--filter",
        "is exact, which bounds what pairs of pixels anywhere contribute; --tile leaves out pairs "
          + "of different tiles", remedy: "use another filter, or leave --tile out")
    }
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
