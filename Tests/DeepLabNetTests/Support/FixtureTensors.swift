import DeepLabNet
import TestSupport
import Testing
import Unaries

extension Tensor {
  /// The tensor of an array with its channels first: (batch,) channels, height, width.
  package init(channelsFirst array: NumericArray) throws {
    try #require((3...4).contains(array.shape.count), "an array of shape \(array.shape)")
    let sizes = array.shape.suffix(3).map { $0 }
    let shape = TensorShape(
      batch: array.shape.count == 4 ? array.shape[0] : 1, height: sizes[1], width: sizes[2],
      channels: sizes[0])
    let plane = sizes[1] * sizes[2]
    var values: [Float] = []
    values.reserveCapacity(shape.count)
    for image in 0..<shape.batch {
      for position in 0..<plane {
        for channel in 0..<shape.channels {
          values.append(array.values[(image * shape.channels + channel) * plane + position])
        }
      }
    }
    self.init(shape, values: values)
  }
}

/// How far two tensors of one shape are from one another.
package struct TensorDifference: CustomStringConvertible {
  /// The largest difference; infinite where a value is NaN.
  package let largest: Float
  /// The largest magnitude among the expected values.
  package let magnitude: Float
  /// The expected values' standard deviation.
  package let deviation: Float

  package init(_ found: Tensor, _ expected: Tensor) throws {
    try #require(found.shape == expected.shape)
    let (a, b) = (found.values(), expected.values())
    largest = zip(a, b).reduce(0) { worst, pair in
      let difference = abs(pair.0 - pair.1)
      return difference.isNaN ? .infinity : max(worst, difference)
    }
    magnitude = b.reduce(0) { max($0, abs($1)) }
    let mean = b.reduce(0.0) { $0 + Double($1) } / Double(b.count)
    let squares = b.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    deviation = Float((squares / Double(b.count)).squareRoot())
  }

  /// The largest difference by the largest magnitude.
  package var relative: Float { magnitude > 0 ? largest / magnitude : largest }

  package var description: String {
    "off by \(largest), of values up to \(magnitude) with deviation \(deviation)"
  }
}
