import LatticeSupport

/// Inputs of few channels, such as images: with zeros around them, the taps of a row are one
/// stretch of memory, and a product is a few long stretches instead of many short ones.
struct PaddedRows: Sendable {
  /// Values in a row of taps, above which padding does not pay.
  private static let limit = 64

  private let padding: ConvolutionGeometry.Extent
  /// The window over the padded input, in which a row of taps is one.
  let geometry: ConvolutionGeometry

  /// `nil` where the layer gains nothing by it.
  init?(_ layer: Convolution) {
    let given = layer.geometry
    guard
      layer.groups == 1, given.rate.columns == 1, given.kernelSize.columns > 1,
      layer.inputChannels * given.kernelSize.columns <= Self.limit
    else { return nil }
    padding = given.padding
    geometry = ConvolutionGeometry(
      kernelSize: .init(rows: given.kernelSize.rows, columns: 1), stride: given.stride,
      rate: .init(rows: given.rate.rows, columns: 1))
  }

  func pad(_ input: Tensor, parallelism: Parallelism) -> Tensor {
    guard padding.rows > 0 || padding.columns > 0 else { return input }
    let shape = input.shape
    let padded = Tensor(
      uninitialized: shape.with(
        height: shape.height + 2 * padding.rows, width: shape.width + 2 * padding.columns))
    let length = padded.shape.width * shape.channels
    let inside = shape.width * shape.channels
    let margin = padding.columns * shape.channels
    parallelism.forEachChunk(of: shape.batch * padded.shape.height, grain: 32) { rows in
      for row in rows {
        let target = padded.base + row * length
        let (image, y) = row.quotientAndRemainder(dividingBy: padded.shape.height)
        guard y >= padding.rows, y < padding.rows + shape.height else {
          target.update(repeating: 0, count: length)
          continue
        }
        target.update(repeating: 0, count: margin)
        let source = (image * shape.height + y - padding.rows) * inside
        (target + margin).update(from: input.base + source, count: inside)
        (target + margin + inside).update(repeating: 0, count: margin)
      }
    }
    return padded
  }
}
