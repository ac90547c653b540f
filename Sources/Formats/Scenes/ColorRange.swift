import Foundation
import LatticeSupport
import Unaries

/// How far the values of an image are apart, which bandwidths of colour are compared with.
///
/// In an image whose whole range is a bandwidth or two (0…1, -1…1, 12 bits in a file of 16), the
/// CRF sees no edge and smooths what it should sharpen.
public struct ColorRange: Sendable {
  private let bandwidths: [Bandwidths]
  /// Of each channel.
  private var least: [Float] = []
  private var most: [Float] = []
  private var points = 0

  /// A span of so many bandwidths is too small: a pair of the farthest colours then still has a
  /// seventh of the weight of equal ones.
  private static let leastSpan: Float = 2
  /// The share of 16 bits below which their largest number says that fewer are meant.
  private static let leastShare: Float = 0.1
  private static let blockSize = 1 << 14

  /// - Parameter bandwidths: of colour, of the kernels that there are.
  public init(_ bandwidths: [Bandwidths]) { self.bandwidths = bandwidths }

  /// Warns where the values of `image` do not fit the bandwidths. O(N).
  ///
  /// - Parameters:
  ///   - image: the image.
  ///   - notes: what is known of it.
  public func check(_ image: Image, _ notes: ImageNotes) {
    var range = self
    range.add(image, notes)
    range.warn(notes)
  }

  /// Takes in an image, or a part of one. What is known to fit is not looked at further. O(N).
  ///
  /// - Parameters:
  ///   - image: the image, or a part of it.
  ///   - notes: what is known of it.
  public mutating func add(_ image: Image, _ notes: ImageNotes) {
    guard !bandwidths.isEmpty else { return }
    points += image.grid.count
    if least.isEmpty {
      least = [Float](repeating: .infinity, count: image.channels)
      most = [Float](repeating: -.infinity, count: image.channels)
    }
    let mayStop = notes.unit == 1 || notes.range != nil
    for start in stride(from: 0, to: image.grid.count, by: Self.blockSize) {
      if mayStop, narrowest == nil { return }
      take(image, start..<min(image.grid.count, start + Self.blockSize))
    }
  }

  private mutating func take(_ image: Image, _ points: Range<Int>) {
    for point in points {
      for channel in 0..<image.channels {
        let value = image[point, channel]
        least[channel] = min(least[channel], value)
        most[channel] = max(most[channel], value)
      }
    }
  }

  /// Bandwidths in which no channel spans enough; `nil` where there are none.
  private var narrowest: Bandwidths? {
    bandwidths.first { bandwidths in
      !least.indices.contains { channel in
        let sigma = bandwidths.values[min(channel, bandwidths.values.count - 1)]
        return most[channel] - least[channel] >= Self.leastSpan * sigma
      }
    }
  }

  // MARK: What is said

  /// Warns where the values of all that was taken in do not fit the bandwidths.
  ///
  /// - Parameter notes: what is known of the image.
  public func warn(_ notes: ImageNotes) {
    // A single pixel has no edges, whatever its colour.
    guard points > 1, let low = least.min(), let high = most.max() else { return }
    let isDim = notes.unit > 1 && notes.range == nil && high < 255 * Self.leastShare
    guard let sigma = narrowest ?? (isDim ? bandwidths[0] : nil), low < high || high <= 1 else {
      return
    }
    let place = notes.unit > 1 && notes.range == nil ? Self.depth(low, high, notes.unit) : ""
    let values =
      low < high
      ? "all values lie in \(Self.text(low))…\(Self.text(high))"
      : "all values are \(Self.text(low))"
    InputWarning(
      at: notes.path,
      "\(values)\(place), and the bandwidth of colour is \(sigma): the CRF sees hardly any edge",
      remedy: remedy(low, high, notes)
    ).report()
  }

  /// Warns of a picture of 16 bits that a network will hardly see. O(N).
  ///
  /// - Parameters:
  ///   - image: the image.
  ///   - notes: what is known of it.
  public static func warnOfDimness(_ image: Image, _ notes: ImageNotes) {
    guard notes.unit > 1, notes.range == nil, case .floats(let values) = image.pixels,
      let high = values.max(), high < 255 * leastShare, let low = values.min()
    else { return }
    InputWarning(
      at: notes.path,
      "all values lie in \(text(low))…\(text(high))\(depth(low, high, notes.unit)): the network "
        + "sees an almost black picture", remedy: rangeRemedy(low * notes.unit, high * notes.unit)
    ).report()
  }

  private func remedy(_ low: Float, _ high: Float, _ notes: ImageNotes) -> Remedy {
    if let range = notes.range {
      return """
        \(set: .imageRange(range.lowerBound, range.upperBound)) is too wide for it: name the values \
        that are to become 0 and 255
        """
    }
    return Self.rangeRemedy(low * notes.unit, high * notes.unit)
      + ", or choose a smaller bandwidth of colour"
  }

  /// - Parameters: the smallest and the largest number of the file.
  private static func rangeRemedy(_ low: Float, _ high: Float) -> Remedy {
    let range = likelyRange(low, high)
    return
      "name the values that are to become 0 and 255, as in \(set: .imageRange(range.low, range.high))"
  }

  /// The range that was most probably meant: 0 to 1, -1 to 1, or the bits of a usual scanner.
  private static func likelyRange(_ low: Float, _ high: Float) -> (low: Float, high: Float) {
    if low >= 0, high <= 1 { return (0, 1) }
    if low >= -1, high <= 1 { return (-1, 1) }
    guard low >= 0, high > 255 else { return (rounded(low), rounded(high)) }
    let bits = [10, 12, 14].first { high < Float(1 << $0) } ?? 16
    return (0, Float(1 << bits - 1))
  }

  private static func depth(_ low: Float, _ high: Float, _ unit: Float) -> String {
    " of 255 (the file's numbers are \(text(low * unit))…\(text(high * unit)) of 65535)"
  }

  private static func text(_ value: Float) -> String { rounded(value).shortText }

  /// As many digits as people look at: three, or the whole ones.
  private static func rounded(_ value: Float) -> Float {
    abs(value) < 100 ? Float(String(format: "%.3g", value)) ?? value : value.rounded()
  }
}
