import Figures
import Laboratory
import LatticeSupport
import ToolSupport
import Unaries

/// Rows of a kernel's matrix as pictures over the image: two lines of pictures for each listener.
struct ResponseFigure {
  private let views: [ResponseSet.View]
  private let image: Picture
  private let gray: [Double]
  private let shape: GridShape

  /// - Throws: `InputError` where the image has another number of axes than two.
  init(_ views: [ResponseSet.View], over image: Image) throws {
    self.views = views
    shape = image.grid
    let gray = Self.gray(image)
    self.gray = gray
    self.image = try Picture(of: image.grid) { Color(gray[$0], gray[$0], gray[$0]) }
  }

  /// Brightness, 0…255 from the darkest to the lightest pixel.
  private static func gray(_ image: Image) -> [Double] {
    let sums = (0..<image.grid.count).map { point in
      (0..<image.channels).reduce(0.0) { $0 + Double(image[point, $1]) }
    }
    let (low, high) = (sums.min() ?? 0, sums.max() ?? 0)
    return sums.map { high > low ? 255 * ($0 - low) / (high - low) : 128 }
  }

  /// The pictures in rows.
  var grid: PictureGrid {
    get throws {
      PictureGrid(
        rows: try views.flatMap(rows),
        bars: [
          PictureGrid.Bar(
            -1...1, name: "difference, in parts of the largest weight", map: Self.differences)
        ])
    }
  }

  private func rows(of view: ResponseSet.View) throws -> [PictureGrid.Row] {
    let (row, column) = view.listener.quotientAndRemainder(dividingBy: shape.width)
    let mark = Place(
      (Double(column) + 0.5) / Double(shape.width),
      (Double(row) + 0.5) / Double(shape.count / shape.width))
    guard let truth = view.responses.first?.row else { return [] }
    let (total, peak) = (truth.reduce(0, +), truth.max() ?? 0)
    var panels = [PictureGrid.Panel("image", image, marks: [mark])]
    var below = [PictureGrid.Panel("", nil), PictureGrid.Panel("", nil)]
    for (place, response) in view.responses.enumerated() {
      let largest = max(response.row.max() ?? 0, .leastNormalMagnitude)
      let weights = try Picture(of: shape) { point in
        heat(Double(max(0, response.row[point]) / largest), at: point)
      }
      panels.append(PictureGrid.Panel(response.name, weights, marks: [mark]))
      guard place > 0 else { continue }
      let sum = response.row.reduce(0, +)
      let difference = try Picture(of: shape) { point in
        self.difference(
          Double((response.row[point] / sum - truth[point] / total) * total / peak), at: point)
      }
      below.append(PictureGrid.Panel("less the exact one", difference))
    }
    return [PictureGrid.Row(view.kernel, panels)]
      + (view.responses.count > 1 ? [PictureGrid.Row("", below)] : [])
  }

  /// From the darkened image to yellow; by the root, so that small weights are seen.
  private func heat(_ share: Double, at point: Int) -> Color {
    let dark = 0.4 * gray[point]
    return ColorMap([Color(dark, dark, dark), Color(255, 220, 40)]).color(at: share.squareRoot())
  }

  private static let (tooLittle, even, tooMuch) = (
    Color(20, 50, 200), Color(200, 200, 200), Color(200, 20, 20)
  )
  /// As the bar has it, by roots, so that small differences are seen.
  private static let differences = ColorMap(
    (-16...16).map { step in
      let share = (abs(Double(step)) / 16).squareRoot()
      return ColorMap([even, step > 0 ? tooMuch : tooLittle]).color(at: share)
    })

  /// Red for too much, blue for too little, in parts of the Gaussian's largest weight.
  private func difference(_ part: Double, at point: Int) -> Color {
    let light = 170 + gray[point] / 3
    return ColorMap([Color(light, light, light), part > 0 ? Self.tooMuch : Self.tooLittle])
      .color(at: min(1, abs(part)).squareRoot())
  }
}
