import ArgumentParser
import DeepLabNet
import Figures
import Formats
import Foundation
import LatticeSupport
import ToolSupport
import Unaries

/// `deeplab field`: which pixels a score depends on.
struct FieldOfView: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "field",
    abstract: "Show which pixels of a photograph a network's score depends on.",
    discussion: """
      For a pixel, prints and draws two fields of view of the score nearest to it: the theoretical one, \
      the rectangle beyond which nothing can matter whatever the weights; and the effective one, by the \
      gradient of the likeliest class's score. Its side is that of a square of as many pixels as have more \
      than 4.55 % of the greatest gradient (arXiv:1701.04128).
      """)

  @OptionGroup(title: "Network") var network: NetworkOptions

  @Option(help: ArgumentHelp("The photograph.", valueName: "file")) var image: String

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A pixel whose score is looked at; may be repeated. (default: the one in the middle)",
      valueName: "x,y"))
  var at: [String] = []

  @Option(
    help: ArgumentHelp(
      "The class whose score is looked at, by its number. (default: the likeliest at each pixel)",
      valueName: "n"))
  var label: Int?

  @Option(help: ArgumentHelp("The figure: .png, .svg or .pdf.", valueName: "file"))
  var output: String?

  @OptionGroup var orientation: OrientationOptions
  @OptionGroup var imageRange: ImageRangeOptions
  @OptionGroup var threads: ThreadOptions
  @Flag(help: "Print one JSON object.") var json = false

  /// What was found for a pixel.
  struct Found: Encodable {
    let x: Int
    let y: Int
    let label: Int
    /// The first and the last column and row of the theoretical field.
    let theoreticalColumns: [Int]
    let theoreticalRows: [Int]
    /// Of a square of as many pixels as matter.
    let effectiveSide: Double
  }

  func run() throws {
    let parallelism = try threads.parallelism()
    if let output {
      try Drawing.check(output)
      try OutputCheck.check([output], inputs: [image])
    }
    let settings = try NetworkSettings(network)
    let picture = try PictureReading(orientation, imageRange).photograph(image)
    let shown = picture.notes.drawn(picture.image)
    let places =
      try at.isEmpty
      ? [(shown.grid.width / 2, shown.grid.height / 2)] : at.map { try place($0, shown.grid) }
    let loaded = try settings.load(parallelism: parallelism)
    let (fields, found) = try OptionCheck.naming(image) {
      try look(at: places, of: shown, through: loaded, parallelism)
    }
    if json {
      try StandardOutput.print(json: found)
    } else {
      try StandardOutput.print(found.map { text($0, loaded) }.joined(separator: "\n"))
    }
    guard let output else { return }
    let drawing = try PictureGrid(
      rows: zip(found, fields).map { try row($0, $1, over: Picture(shown), loaded) }
    ).drawing
    try Interruption.whileWriting { try drawing.write(to: output) }
  }

  private func place(_ text: String, _ grid: GridShape) throws -> (Int, Int) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let x = parts[0], let y = parts[1],
      (0..<grid.width).contains(x), (0..<grid.height).contains(y)
    else {
      throw InputError(
        .usage, at: "--at", "is '\(text)', but must be a pixel of the image of \(grid)",
        remedy: "column and row, from 0, as in --at 120,80")
    }
    return (x, y)
  }

  private func look(
    at places: [(Int, Int)], of image: Image, through loaded: LoadedNetwork,
    _ parallelism: Parallelism
  ) throws -> ([EffectiveField], [Found]) {
    let input = try loaded.entry.preprocessing.tensor(for: image)
    var (fields, found): ([EffectiveField], [Found]) = ([], [])
    for (x, y) in places {
      let field = try EffectiveField(
        loaded.network, parameters: loaded.parameters, input: input, row: y, column: x,
        label: label, parallelism: parallelism)
      let bounds = try TheoreticalField(
        loaded.network, height: field.height, width: field.width, row: field.position.row,
        column: field.position.column)
      fields.append(field)
      found.append(
        Found(
          x: x, y: y, label: field.label,
          theoreticalColumns: [bounds.columns.lowerBound, bounds.columns.upperBound],
          theoreticalRows: [bounds.rows.lowerBound, bounds.rows.upperBound],
          effectiveSide: field.side))
    }
    return (fields, found)
  }

  private func name(of label: Int, _ loaded: LoadedNetwork) -> String {
    loaded.classNames.map { $0[label] } ?? "class \(label)"
  }

  private func size(_ found: Found) -> String {
    "\(found.theoreticalColumns[1] - found.theoreticalColumns[0] + 1)×"
      + "\(found.theoreticalRows[1] - found.theoreticalRows[0] + 1)"
  }

  private func text(_ found: Found, _ loaded: LoadedNetwork) -> String {
    "pixel (\(found.x), \(found.y)), \(name(of: found.label, loaded)): theoretical field "
      + "\(size(found)) pixels within the image, effective field as a square of "
      + String(format: "%.0f pixels", found.effectiveSide)
  }

  private func row(
    _ found: Found, _ field: EffectiveField, over image: Picture, _ loaded: LoadedNetwork
  ) throws -> PictureGrid.Row {
    let grid = GridShape(width: field.width, height: field.height)
    func gray(_ point: Int) -> Double {
      (0..<3).reduce(0.0) { $0 + Double(image.rgb[3 * point + $1]) } / 3
    }
    let theoretical = try Picture(of: grid) { point in
      let (y, x) = point.quotientAndRemainder(dividingBy: grid.width)
      let isInside =
        x >= found.theoreticalColumns[0] && x <= found.theoreticalColumns[1]
        && y >= found.theoreticalRows[0] && y <= found.theoreticalRows[1]
      let light = gray(point)
      return isInside
        ? ColorMap([Color(light, light, light), Color(86, 180, 233)]).color(at: 0.4)
        : Color(0.35 * light, 0.35 * light, 0.35 * light)
    }
    let most = max(field.sensitivities.max() ?? 0, .leastNormalMagnitude)
    let effective = try Picture(of: grid) { point in
      let light = 0.35 * gray(point)
      // By the root, so that small gradients are seen.
      return ColorMap([Color(light, light, light), Color(255, 220, 40)])
        .color(at: Double(field.sensitivities[point] / most).squareRoot())
    }
    let mark = Place(
      (Double(found.x) + 0.5) / Double(field.width), (Double(found.y) + 0.5) / Double(field.height))
    return PictureGrid.Row(
      "\(loaded.entry.name), pixel (\(found.x), \(found.y)): \(name(of: found.label, loaded))",
      [
        .init("image", image, marks: [mark]),
        .init("theoretical field, \(size(found)) within the image", theoretical, marks: [mark]),
        .init(
          String(format: "effective field, as a square of %.0f pixels", found.effectiveSide),
          effective, marks: [mark]),
      ])
  }
}
