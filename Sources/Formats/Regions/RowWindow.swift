import Unaries

/// The rows of a picture that is decoded from top to bottom: as many are kept as the regions asked
/// for still need.
final class RowWindow<Sample: BitwiseCopyable> {
  private let width: Int
  private let channels: Int
  private let next: (Int) throws -> [Sample]
  private var held: Range<Int> = 0..<0
  private var samples: [Sample] = []

  /// - Parameters:
  ///   - channels: samples per pixel.
  ///   - next: decodes as many more rows as it is asked for; may give more.
  init(width: Int, channels: Int, next: @escaping (Int) throws -> [Sample]) {
    self.width = width
    self.channels = channels
    self.next = next
  }

  /// The samples of `region`, row by row. Rows above it are given up.
  ///
  /// - Complexity: O(rows that are decoded + samples of the region).
  func read(_ region: GridRegion) throws -> [Sample] {
    precondition(
      region.rows.lowerBound >= held.lowerBound,
      "row \(region.rows.lowerBound) is asked for after row \(held.lowerBound)")
    let outdated = min(region.rows.lowerBound, held.upperBound) - held.lowerBound
    samples.removeFirst(outdated * width * channels)
    held = held.lowerBound + outdated..<held.upperBound
    // Rows that no region asked for are decoded in small bands and dropped.
    while held.upperBound < region.rows.lowerBound {
      try decode(min(64, region.rows.lowerBound - held.upperBound))
      samples.removeFirst(
        min(held.count, region.rows.lowerBound - held.lowerBound) * width * channels)
      held = min(held.upperBound, region.rows.lowerBound)..<held.upperBound
    }
    if region.rows.upperBound > held.upperBound {
      try decode(region.rows.upperBound - held.upperBound)
    }
    return GridRegion(rows: held, columns: 0..<width).cut(region, from: samples, channels: channels)
  }

  private func decode(_ rows: Int) throws {
    let decoded = try next(rows)
    // The first rows need no second copy.
    if samples.isEmpty { samples = decoded } else { samples += decoded }
    held = held.lowerBound..<held.upperBound + decoded.count / (width * channels)
  }
}
