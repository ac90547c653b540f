import ArgumentParser

/// `WxH` on a command line, or one number for both.
package struct PixelSize: ExpressibleByArgument {
  /// Both at least 1.
  package let width: Int
  package let height: Int

  /// More than any image has; products stay within integers.
  private static let longest = 1_000_000

  package init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  package init?(argument: String) {
    let parts = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false)
    let extents = parts.compactMap { Int($0) }
    guard (1...2).contains(parts.count), extents.count == parts.count,
      extents.allSatisfy({ (1...Self.longest).contains($0) })
    else { return nil }
    self.init(width: extents[0], height: extents[extents.count - 1])
  }
}

extension PixelSize: CustomStringConvertible {
  /// As it is written on a command line.
  package var description: String { "\(width)x\(height)" }
}
