import LatticeSupport
import Unaries

/// How a photograph becomes a network's input: the order of its channels, a mean, a deviation.
///
/// Channel c becomes (x / divisor − mean[c]) / deviation[c], each step in float32.
public struct Preprocessing: Sendable, Hashable {
  /// The order of the channels that the network was trained with.
  public enum ChannelOrder: Sendable, Hashable {
    /// Red, green, blue.
    case rgb
    /// Blue, green, red, as OpenCV and Caffe have them.
    case bgr
  }

  /// The order of the input's channels.
  public let order: ChannelOrder
  /// What values of 0…255 are divided by first.
  public let divisor: Float
  /// The mean of each channel, in the input's order.
  public let mean: [Float]
  /// The deviation of each channel, in the input's order.
  public let deviation: [Float]

  /// - Parameters:
  ///   - order: the order of the input's channels.
  ///   - divisor: what values of 0…255 are divided by first.
  ///   - mean: of each channel, in the input's order.
  ///   - deviation: of each channel, in the input's order.
  public init(order: ChannelOrder, divisor: Float, mean: [Float], deviation: [Float]) {
    precondition(mean.count == 3 && deviation.count == 3, "a photograph has three channels")
    self.order = order
    self.divisor = divisor
    self.mean = mean
    self.deviation = deviation
  }

  /// DeepLab's Caffe models: the mean of ImageNet's pixels in blue, green, red.
  public static let caffe = Preprocessing(
    order: .bgr, divisor: 1, mean: [104.008, 116.669, 122.675], deviation: [1, 1, 1])

  /// FCN's and DeconvNet's Caffe models: the same mean to more digits.
  public static let caffePrecise = Preprocessing(
    order: .bgr, divisor: 1, mean: [104.006_987_93, 116.668_767_62, 122.678_914_34],
    deviation: [1, 1, 1])

  /// PyTorch's models: red, green, blue of 0…1, centred and scaled by the mean and deviation of
  /// ImageNet.
  public static let pyTorch = Preprocessing(
    order: .rgb, divisor: 255, mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225])

  /// The network's input: 1 × height × width × 3.
  ///
  /// - Throws: `InputError` where the image does not have two axes and three channels.
  public func tensor(for image: Image) throws -> Tensor {
    guard image.channels == 3, image.grid.rank == 2 else {
      throw InputError(
        .data, "an image of \(image.grid) with \(image.channels) channels",
        remedy: "give a photograph with three channels")
    }
    let output = Tensor(
      uninitialized: TensorShape(
        height: image.grid.height, width: image.grid.width, channels: 3))
    let points = image.grid.count
    switch image.pixels {
    case .bytes(let bytes): convert(bytes, points, into: output.base) { Float($0) }
    case .floats(let floats): convert(floats, points, into: output.base) { $0 }
    }
    return output
  }

  /// The input at `points` points, from their red, green and blue in turn.
  @inline(__always)
  func convert<Value>(
    _ pixels: borrowing [Value], _ points: Int, into output: UnsafeMutablePointer<Float>,
    _ number: (Value) -> Float
  ) {
    for channel in 0..<3 {
      let from = order == .rgb ? channel : 2 - channel
      let (mean, deviation) = (mean[channel], deviation[channel])
      for point in 0..<points {
        let value = number(pixels[3 * point + from]) / divisor
        output[3 * point + channel] = (value - mean) / deviation
      }
    }
  }
}
