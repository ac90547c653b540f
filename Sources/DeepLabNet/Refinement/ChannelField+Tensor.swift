import CKernels
import LatticeSupport

extension ChannelField {
  /// The values of one image of a tensor.
  init(_ tensor: Tensor, image: Int, parallelism: Parallelism) {
    let (points, channels) = (tensor.shape.height * tensor.shape.width, tensor.shape.channels)
    self.init(points: points, channels: channels)
    let (target, stride) = (mutableBase(), stride)
    let source = tensor.base + image * points * channels
    parallelism.forEachChunk(of: points, grain: 8192) { range in
      let start = range.lowerBound
      ck_copy_rows(
        source + start * channels, channels, range.count, channels, target + start * stride,
        stride)
    }
  }

  /// Writes the values over one image of a tensor.
  func write(to tensor: Tensor, image: Int, parallelism: Parallelism) {
    let target = tensor.base + image * points * channels
    parallelism.forEachChunk(of: points, grain: 8192) { range in
      let start = range.lowerBound
      ck_copy_rows(
        base + start * stride, stride, range.count, channels, target + start * channels, channels)
    }
  }

  /// The values with their signs changed.
  consuming func negated(parallelism: Parallelism) -> ChannelField {
    var result = self
    let (values, stride) = (result.mutableBase(), result.stride)
    parallelism.forEachChunk(of: result.points, grain: 8192) { range in
      for index in range.lowerBound * stride..<range.upperBound * stride {
        values[index] = -values[index]
      }
    }
    return result
  }
}
