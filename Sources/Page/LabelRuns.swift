import Unaries

/// Label maps and beliefs as bytes for the page.
package enum LabelRuns {
  /// Pairs of a label and how often it comes, 16 bits each, the low byte first; runs may go on in
  /// the next row.
  ///
  /// - Complexity: O(N).
  package static func bytes(of labels: [UInt16]) -> [UInt8] {
    var bytes: [UInt8] = []
    var start = 0
    while start < labels.count {
      let label = labels[start]
      var end = start + 1
      while end < labels.count, labels[end] == label, end - start < Int(UInt16.max) { end += 1 }
      for number in [label, UInt16(end - start)] {
        bytes.append(UInt8(truncatingIfNeeded: number))
        bytes.append(UInt8(truncatingIfNeeded: number >> 8))
      }
      start = end
    }
    return bytes
  }

  /// The labels that `bytes(of:)` stands for; `nil` where they are no such pairs.
  package static func labels(_ bytes: [UInt8]) -> [UInt16]? {
    guard bytes.count % 4 == 0 else { return nil }
    return stride(from: 0, to: bytes.count, by: 4).flatMap { place in
      let label = UInt16(bytes[place]) | UInt16(bytes[place + 1]) << 8
      let count = Int(bytes[place + 2]) | Int(bytes[place + 3]) << 8
      return [UInt16](repeating: label, count: count)
    }
  }
}
