import Unaries

/// Sums of an image's gradients over boxes, each in constant time.
///
/// The score of a box follows the idea of Edge Boxes (Zitnick & Dollár 2014,
/// doi:10.1007/978-3-319-10602-1_26, §3.2): objects have many contours that lie within their box,
/// few in its middle, and hardly any that cross its border. Contours are not traced as there: where
/// a gradient along the border shows that an edge crosses it, an edge of fixed length is taken off.
struct EdgeSums {
  /// How far an edge that crosses the border is taken to reach into the box, by the mean of its
  /// sides.
  private static let reach = 0.25

  private let height: Int
  private let width: Int
  /// The strength of edges above and to the left of each corner of pixels.
  private var strength: [Double]
  /// Vertical gradients above each pixel, in its column.
  private var down: [Double]
  /// Horizontal gradients to the left of each pixel, in its row.
  private var right: [Double]

  init(_ image: Image) {
    (height, width) = (image.grid.height, image.grid.width)
    let gradients = Self.gradients(of: image)
    let size = (height + 1) * (width + 1)
    strength = [Double](repeating: 0, count: size)
    (down, right) = (strength, strength)
    let mean = gradients.reduce(0) { $0 + $1.strength } / Double(gradients.count)
    for row in 0..<height {
      for column in 0..<width {
        let gradient = gradients[row * width + column]
        // What is weaker than the mean is texture and noise rather than contour.
        let isEdge = gradient.strength > mean
        let corner = corner(row + 1, column + 1)
        strength[corner] =
          (isEdge ? gradient.strength - mean : 0) + strength[corner - 1]
          + strength[corner - width - 1] - strength[corner - width - 2]
        down[corner] = down[corner - width - 1] + (isEdge ? abs(gradient.y) : 0)
        right[corner] = right[corner - 1] + (isEdge ? abs(gradient.x) : 0)
      }
    }
  }

  /// Central differences of the channels' mean.
  private static func gradients(of image: Image) -> [(x: Double, y: Double, strength: Double)] {
    let (height, width) = (image.grid.height, image.grid.width)
    let gray = (0..<height * width).map { point in
      (0..<image.channels).reduce(0.0) { $0 + Double(image[point, $1]) } / Double(image.channels)
    }
    return (0..<height * width).map { point in
      let (row, column) = point.quotientAndRemainder(dividingBy: width)
      let x =
        gray[point + (column + 1 < width ? 1 : 0)] - gray[point - (column > 0 ? 1 : 0)]
      let y =
        gray[point + (row + 1 < height ? width : 0)] - gray[point - (row > 0 ? width : 0)]
      return (x, y, (x * x + y * y).squareRoot())
    }
  }

  /// How much the box looks like an object; edges that it cuts count against it, but not at the
  /// image's border.
  func score(of box: PixelBox) -> Double {
    let (rows, columns) = (box.rows, box.columns)
    let middle = PixelBox(rows: Self.middle(of: rows), columns: Self.middle(of: columns))
    var crossing = 0.0
    if columns.lowerBound > 0 { crossing += column(columns.lowerBound, rows) }
    if columns.upperBound < width { crossing += column(columns.upperBound - 1, rows) }
    if rows.lowerBound > 0 { crossing += row(rows.lowerBound, columns) }
    if rows.upperBound < height { crossing += row(rows.upperBound - 1, columns) }
    let sides = Double(rows.count + columns.count)
    let inside = sum(box) - sum(middle) - crossing * Self.reach * sides / 2
    return inside / power(sides)
  }

  private func power(_ sides: Double) -> Double {
    // κ = 3/2 as a product and a root: exact and the same on every machine.
    sides * sides.squareRoot()
  }

  /// The half of a range in its middle.
  private static func middle(of range: Range<Int>) -> Range<Int> {
    range.lowerBound + range.count / 4..<range.upperBound - range.count / 4
  }

  private func corner(_ row: Int, _ column: Int) -> Int { row * (width + 1) + column }

  /// The strength of all edges in a box.
  private func sum(_ box: PixelBox) -> Double {
    let (rows, columns) = (box.rows, box.columns)
    return strength[corner(rows.upperBound, columns.upperBound)]
      - strength[corner(rows.lowerBound, columns.upperBound)]
      - strength[corner(rows.upperBound, columns.lowerBound)]
      + strength[corner(rows.lowerBound, columns.lowerBound)]
  }

  /// Vertical gradients along a column: edges that cross it.
  private func column(_ column: Int, _ rows: Range<Int>) -> Double {
    down[corner(rows.upperBound, column + 1)] - down[corner(rows.lowerBound, column + 1)]
  }

  /// Horizontal gradients along a row: edges that cross it.
  private func row(_ row: Int, _ columns: Range<Int>) -> Double {
    right[corner(row + 1, columns.upperBound)] - right[corner(row + 1, columns.lowerBound)]
  }
}
