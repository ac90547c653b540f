import LatticeCHeader
import LatticeSupport
import Unaries

/// A caller's image, checked.
enum ImageArguments {
  /// More than any filter but the exact one takes.
  static let mostChannels = 4096

  /// - Parameter leastSigma: the least bandwidth of colours; what is divided by it must stay a
  ///   feature. `nil` where nothing is divided.
  static func image(
    _ image: UnsafeRawPointer?, _ element: Int32, on grid: GridShape, channels: Int,
    leastSigma: Float?
  ) throws -> Image {
    let count = grid.count * channels
    let pixels: Image.Pixels
    switch try Enumerations.elements.entry(element) {
    case .bytes:
      let image = try Arguments.pointer(image, "the image", alignment: 1)
      pixels = .bytes(Array(UnsafeRawBufferPointer(start: image, count: count)))
    case .floats:
      let image = try Arguments.pointer(image, "the image")
      let values = UnsafeBufferPointer(
        start: image.assumingMemoryBound(to: Float.self), count: count)
      let largest = Arguments.largestFeature * min(1, leastSigma ?? 1)
      if let index = values.firstIndex(where: { !($0.magnitude <= largest) }) {
        throw CallError.data(
          "number \(index) of the image is \(values[index]), but must be finite, and at most "
            + "\(Arguments.largestFeature) bandwidths in magnitude")
      }
      pixels = .floats(Array(values))
    }
    return Image(unchecked: pixels, grid: grid, channels: channels)
  }
}
