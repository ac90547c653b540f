import Laboratory
import LatticeSupport
import ToolSupport
import Unaries

/// Rows of a kernel's matrix as pictures over the image: a line of pictures for each listener.
struct ResponsePicture {
  private let views: [ResponseSet.View]
  private let gray: [Float]
  private let grid: GridShape
  /// Written pixels of one of the image's.
  private let side: Int

  private static let gap = 10
  private static let caption = Canvas.textHeight + 12
  /// Smaller images are magnified.
  private static let leastWidth = 220

  init(_ views: [ResponseSet.View], over image: Image) {
    self.views = views
    grid = image.grid
    gray = Self.gray(image)
    side = max(1, (Self.leastWidth + grid.width - 1) / grid.width)
  }

  /// Brightness, 0…255 from the darkest to the lightest pixel.
  private static func gray(_ image: Image) -> [Float] {
    let sums = (0..<image.grid.count).map { point in
      (0..<image.channels).reduce(Float(0)) { $0 + image[point, $1] }
    }
    let (low, high) = (sums.min() ?? 0, sums.max() ?? 0)
    return sums.map { high > low ? 255 * ($0 - low) / (high - low) : 128 }
  }

  /// - Throws: `InputError` where the picture is too large for memory.
  func picture() throws -> Image {
    let columns = 1 + (views.map(\.responses.count).max() ?? 0)
    let (width, height) = (grid.width * side + Self.gap, grid.height * side + Self.caption)
    let line = 2 * height + Self.caption
    var canvas = try Canvas(
      width: columns * width + Self.gap, height: views.count * line + Self.gap, detail: 1)
    for (index, view) in views.enumerated() {
      draw(view, on: &canvas, top: index * line + Self.gap, width: width, height: height)
    }
    return try canvas.image()
  }

  private func draw(
    _ view: ResponseSet.View, on canvas: inout Canvas, top: Int, width: Int, height: Int
  ) {
    let middle = Self.caption / 2
    canvas.text(view.kernel, x: Float(Self.gap), y: Float(top + middle))
    let first = top + Self.caption
    canvas.picture(of: grid, x: Self.gap, y: first + Self.caption, side: side) {
      (gray[$0], gray[$0], gray[$0])
    }
    mark(view.listener, on: &canvas, x: Self.gap, y: first + Self.caption)
    guard let truth = view.responses.first?.row else { return }
    let (total, peak) = (truth.reduce(0, +), truth.max() ?? 0)
    for (place, response) in view.responses.enumerated() {
      let left = Self.gap + (place + 1) * width
      canvas.text(response.name, x: Float(left), y: Float(first + middle))
      let largest = response.row.max() ?? 0
      canvas.picture(of: grid, x: left, y: first + Self.caption, side: side) { point in
        heat(max(0, response.row[point]) / max(largest, .leastNormalMagnitude), at: point)
      }
      mark(view.listener, on: &canvas, x: left, y: first + Self.caption)
      guard place > 0 else { continue }
      let sum = response.row.reduce(0, +)
      canvas.text("less the exact one", x: Float(left), y: Float(first + height + middle))
      canvas.picture(of: grid, x: left, y: first + height + Self.caption, side: side) { point in
        difference(
          (response.row[point] / sum - truth[point] / total) * total / peak, at: point)
      }
    }
  }

  /// A ring around the pixel that listens.
  private func mark(_ listener: Int, on canvas: inout Canvas, x: Int, y: Int) {
    let (row, column) = listener.quotientAndRemainder(dividingBy: grid.width)
    let centre = (
      x: Float(x + column * side) + Float(side) / 2, y: Float(y + row * side) + Float(side) / 2
    )
    let reach = Float(max(3, side))
    for (start, end) in [
      ((-1, 0), (-3, 0)), ((1, 0), (3, 0)), ((0, -1), (0, -3)), ((0, 1), (0, 3)),
    ]
      as [((Float, Float), (Float, Float))]
    {
      let from = (x: centre.x + start.0 * reach, y: centre.y + start.1 * reach)
      let to = (x: centre.x + end.0 * reach, y: centre.y + end.1 * reach)
      canvas.line(from: from, to: to, thickness: 2, (0, 200, 255))
    }
  }

  /// From the darkened image to yellow; by the root, so that small weights are seen.
  private func heat(_ share: Float, at point: Int) -> Canvas.Color {
    let strength = share.squareRoot()
    return Self.mixed(
      (0.4 * gray[point], 0.4 * gray[point], 0.4 * gray[point]), (255, 220, 40), strength)
  }

  /// Red for too much, blue for too little, in parts of the Gaussian's largest weight.
  private func difference(_ part: Float, at point: Int) -> Canvas.Color {
    let light = 170 + gray[point] / 3
    let strength = min(1, abs(part)).squareRoot()
    return Self.mixed(
      (light, light, light), part > 0 ? (200, 20, 20) : (20, 50, 200),
      strength.isFinite ? strength : 0)
  }

  private static func mixed(
    _ first: Canvas.Color, _ second: Canvas.Color, _ share: Float
  ) -> Canvas.Color {
    (
      first.red + share * (second.red - first.red),
      first.green + share * (second.green - first.green),
      first.blue + share * (second.blue - first.blue)
    )
  }
}
