import LatticeSupport

/// The extents of a grid of points, slowest axis first: `[height, width]`, `[depth, height,
/// width]`.
///
/// Points are numbered with the last axis fastest.
public struct GridShape: Sendable, Hashable {
  /// The length of each axis, slowest first; every one at least 1.
  public let extents: [Int]
  /// The number of points, N.
  public let count: Int

  /// - Throws: `InputError` where an extent is below 1 or their product does not fit an `Int`.
  public init(_ extents: [Int]) throws {
    guard !extents.isEmpty, extents.allSatisfy({ $0 >= 1 }) else {
      throw InputError(.data, "a grid of \(Self.text(extents)) has no points")
    }
    var count = 1
    for extent in extents {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else {
        throw InputError(.data, "a grid of \(Self.text(extents)) has more points than memory")
      }
      count = product
    }
    self.extents = extents
    self.count = count
  }

  /// A grid of `height` rows of `width` pixels, both at least 1.
  public init(width: Int, height: Int) {
    precondition(width >= 1 && height >= 1, "a grid of \(width)×\(height) has no points")
    extents = [height, width]
    count = width * height
  }

  /// The number of axes: 2 for an image, 3 for a volume.
  public var rank: Int { extents.count }
  /// The length of the fastest axis.
  public var width: Int { extents[extents.count - 1] }
  /// The length of the second fastest axis, 1 where there is none.
  public var height: Int { extents.count > 1 ? extents[extents.count - 2] : 1 }

  private static func text(_ extents: [Int]) -> String {
    extents.map(String.init).joined(separator: "×")
  }
}

extension GridShape: CustomStringConvertible {
  /// `width×height` for an image (`480×360`), slowest axis first for others.
  public var description: String {
    rank == 2 ? "\(width)×\(height)" : Self.text(extents)
  }
}
