import LatticeSupport
import Unaries

/// Generic proposals from an image's gradients: boxes that contain contours rather than cut them,
/// whatever the objects are.
///
/// A simple stand-in for Edge Boxes (Zitnick & Dollár 2014, doi:10.1007/978-3-319-10602-1_26),
/// which the published results of Noh et al. (2015) come from: the same sliding search and the same
/// kind of score, but from plain gradients, without learned edges, without tracing contours (see
/// `EdgeSums`), and without refining boxes. Its recall is lower; bring a `ProposalFile` for
/// comparisons with the paper. Nothing in it is random.
public struct GradientProposals: ProposalSource {
  /// Boxes that share more than this of their pixels are one: the paper's β, 0…1.
  public let largestOverlap: Double

  /// The overlap of neighbours in the search: the paper's α, §3.4.
  private static let step = 0.65
  /// Width by height.
  private static let aspects = [1.0 / 3, 1.0 / 2, 1 / 1.4, 1, 1.4, 2, 3]
  /// The side of the smallest square, by the image's shorter side. The number of candidates does
  /// not depend on the image's resolution.
  private static let smallestSide = 1.0 / 12

  /// - Parameter largestOverlap: boxes that share more than this of their pixels are one; 0…1.
  /// - Throws: `InputError` where it is anything else.
  public init(largestOverlap: Double = 0.75) throws {
    guard (0...1).contains(largestOverlap) else {
      throw InputError(
        .usage, "a largest overlap of \(largestOverlap)", remedy: "choose 0 to 1")
    }
    self.largestOverlap = largestOverlap
  }

  /// The best boxes; each has less than `largestOverlap` in common with any better one.
  ///
  /// - Complexity: O(pixels + candidates · log(candidates) + candidates · limit), with some 10⁵
  ///   candidates.
  public func proposals(for image: Image, limit: Int) -> [Proposal] {
    let sums = EdgeSums(image)
    let candidates = Self.candidates(height: image.grid.height, width: image.grid.width)
    let scores = candidates.map(sums.score)
    let order = candidates.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
    var kept: [Int] = []
    for index in order where kept.count < limit {
      let isNew = kept.allSatisfy {
        candidates[$0].overlap(with: candidates[index]) <= largestOverlap
      }
      if isNew { kept.append(index) }
    }
    return kept.map { Proposal(candidates[$0], score: scores[$0]) }
  }

  /// Boxes of all sizes and aspects that fit, at steps in which neighbours overlap by `step`.
  static func candidates(height: Int, width: Int) -> [PixelBox] {
    var boxes: [PixelBox] = []
    var side = max(1, Double(min(height, width)) * smallestSide)
    while side <= Double(max(height, width)) {
      for aspect in aspects {
        let rows = starts(of: side / aspect.squareRoot(), along: height)
        let columns = starts(of: side * aspect.squareRoot(), along: width)
        for row in rows {
          boxes += columns.map { PixelBox(rows: row, columns: $0) }
        }
      }
      // Squares in one another that overlap by the step: the ratio of areas.
      side /= step.squareRoot()
    }
    return boxes
  }

  /// The places of a side along an axis, spread evenly; none where it does not fit.
  private static func starts(of side: Double, along length: Int) -> [Range<Int>] {
    let size = Int(side.rounded())
    guard (1...length).contains(size) else { return [] }
    // Shifted by s, two intervals of length 1 have (1 − s) / (1 + s) in common.
    let shift = max(1, side * (1 - step) / (1 + step))
    let steps = Int((Double(length - size) / shift).rounded(.up))
    return (0...steps).map { index in
      let start = steps == 0 ? 0 : index * (length - size) / steps
      return start..<start + size
    }
  }
}
