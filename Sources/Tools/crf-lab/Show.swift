import ArgumentParser
import Figures
import Formats
import Foundation
import Laboratory
import Lattice
import LatticeSupport
import MeanField
import ToolSupport
import Unaries

/// `crf-lab show`: which pixels a kernel lets a pixel listen to.
struct Show: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show which pixels a pixel listens to, through several filters.",
    discussion: """
      Computes a row of each kernel's matrix: the weights of all pixels in the message to one. Prints, \
      for the Gaussian itself and for each filter: the weight of the pixel for itself; how much of the \
      weights lies elsewhere than the Gaussian puts it; the effective number of neighbours, \
      (Σw)² / Σw², of that pixel and the quartiles of a sample of pixels; the leading eigenvalues of the \
      kernel, normalised on both sides. The picture has the image, the Gaussian and the filters side by \
      side, and below each filter where it gives too much (red) or too little (blue).
      """)

  @Option(help: ArgumentHelp("The image (PNG, JPEG or an array).", valueName: "file"))
  var image: String

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A kernel, as crf-refine has it; a weight may be left out. May be repeated. Kernels: "
        + "\(KernelKind.registry.names.joined(separator: ", ")).", valueName: "kind:key=value,…"))
  var kernel: [String]

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A filter: \(FilterKind.registry.names.joined(separator: ", ")). May be repeated. (default: "
        + "\(FilterKind.registry.names[0]))", valueName: "kind:key=value,…"))
  var filter: [String] = []

  @OptionGroup var plugins: PluginOptions

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A pixel that listens; may be repeated. (default: the one in the middle)", valueName: "x,y"))
  var at: [String] = []

  @Option(help: ArgumentHelp("The figure: .png, .svg or .pdf.", valueName: "file"))
  var output: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Pixels whose neighbours are counted.", valueName: "n"))
  var sample = 64

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Eigenvalues; 0 for none.", valueName: "n"))
  var eigenvalues = 6

  @OptionGroup var threads: ThreadOptions
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    let parallelism = try threads.parallelism()
    guard !kernel.isEmpty else {
      throw InputError(
        .usage, at: "--kernel", "is missing", remedy: "as in --kernel bilateral:spatial=30,color=10"
      )
    }
    for (option, value, most) in [("--sample", sample, 4096), ("--eigenvalues", eigenvalues, 64)]
    where !(0...most).contains(value) {
      throw InputError(
        .usage, at: option, "is \(value), but must be 0…\(most)", remedy: "leave it out")
    }
    if let output {
      try Drawing.check(output)
      try OutputCheck.check([output], inputs: [image])
    }
    let scene = Scene(try ImageFile.read(image, rank: 2, layout: .channelsLast))
    let listeners = try at.isEmpty ? [Self.middle(of: scene.grid)] : at.map { try point($0, scene) }
    let filters = try (filter.isEmpty ? [FilterKind.registry.names[0]] : filter).map { text in
      try OptionCheck.naming("--filter") {
        try Description(JSONValue(description: text), in: FilterKind.registry)
      }
    }
    let views = try kernel.flatMap { text in
      let kernel = try OptionCheck.naming("--kernel") { try Self.kernel(text) }
      let set = try ResponseSet(
        kernel, filters, over: scene, context: .files, sample: sample, eigenvalues: eigenvalues,
        parallelism: parallelism)
      return listeners.map { set.view(of: $0) }
    }
    if json {
      try StandardOutput.print(json: views.map { ShowJSON($0, on: scene.grid) })
    } else {
      for view in views { try StandardOutput.print(ShowReport(view, on: scene.grid).text) }
    }
    if let output, let image = scene.image {
      let figure = try ResponseFigure(views, over: image).grid
      try Interruption.whileWriting { try figure.drawing.write(to: output) }
    }
  }

  private static func middle(of grid: GridShape) -> Int {
    grid.height / 2 * grid.width + grid.width / 2
  }

  private func point(_ text: String, _ scene: Scene) throws -> Int {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let x = parts[0], let y = parts[1],
      (0..<scene.grid.width).contains(x), (0..<scene.grid.height).contains(y)
    else {
      throw InputError(
        .usage, at: "--at", "is '\(text)', but must be a pixel of the image of \(scene.grid)",
        remedy: "column and row, from 0, as in --at 120,80")
    }
    return y * scene.grid.width + x
  }

  /// A kernel with its own settings, or a term that has one.
  private static func kernel(_ text: String) throws -> Description<KernelKind> {
    do {
      return try Description(JSONValue(description: text), in: KernelKind.registry)
    } catch let error as InputError {
      guard let term = try? CRFModel.Term(text) else { throw error }
      return term.kernel
    }
  }
}

/// What a view comes to, for people.
struct ShowReport {
  private let view: ResponseSet.View
  private let grid: GridShape

  init(_ view: ResponseSet.View, on grid: GridShape) {
    self.view = view
    self.grid = grid
  }

  var text: String {
    let head = ["", "self", "elsewhere", "neighbours", "of a sample", "eigenvalues"]
    let rows = view.responses.map { response in
      [
        response.name, String(format: "%.3f", response.selfWeight),
        response.elsewhere.map { String(format: "%.1f %%", 100 * $0) } ?? "–",
        String(format: "%.1f", response.neighbours),
        response.quartiles.map { String(format: "%.1f", $0) }.joined(separator: " | "),
        response.eigenvalues.isEmpty
          ? "–" : response.eigenvalues.map { String(format: "%.3f", $0) }.joined(separator: " "),
      ]
    }
    let (y, x) = view.listener.quotientAndRemainder(dividingBy: grid.width)
    let table = TextColumns([.left, .right, .right, .right, .right, .left], rows: [head] + rows)
    return
      ([
        "kernel \(view.kernel), \(view.dimensions) features, at pixel \(x),\(y)"
      ] + table.lines.map { "  " + $0 }).joined(separator: "\n")
  }
}

/// What a view comes to, for programs.
struct ShowJSON: Encodable {
  struct Response: Encodable {
    let filter: String
    let selfWeight: Double
    let elsewhere: Double?
    let neighbours: Double
    let sampledNeighbours: [Double]
    let eigenvalues: [Double]
  }

  let kernel: String
  let features: Int
  let x: Int
  let y: Int
  let responses: [Response]

  init(_ view: ResponseSet.View, on grid: GridShape) {
    kernel = view.kernel
    features = view.dimensions
    (y, x) = view.listener.quotientAndRemainder(dividingBy: grid.width)
    responses = view.responses.map {
      Response(
        filter: $0.name, selfWeight: $0.selfWeight, elsewhere: $0.elsewhere,
        neighbours: $0.neighbours, sampledNeighbours: $0.quartiles, eigenvalues: $0.eigenvalues)
    }
  }
}
