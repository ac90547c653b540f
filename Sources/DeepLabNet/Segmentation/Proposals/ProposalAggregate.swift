import CKernels
import LatticeSupport

/// The scores of an image, put together from those of its proposals.
///
/// "Aggregating Instance-wise Segmentation Maps" of Noh et al. (2015), doi:10.1109/ICCV.2015.178:
/// with Gᵢ the scores of proposal i in its box and 0 outside, each pixel and class has maxᵢ Gᵢ or
/// Σᵢ Gᵢ. One map is kept, however many proposals there are.
package struct ProposalAggregate {
  private let rule: ProposalOptions.Aggregation
  private let scores: Tensor
  /// The number of boxes that each pixel lies in.
  private let coverage: AlignedBuffer<Int32>
  private var count: Int32 = 0

  /// No proposals: 0 everywhere.
  package init(_ shape: TensorShape, _ rule: ProposalOptions.Aggregation) {
    precondition(shape.batch == 1, "the proposals of \(shape.batch) images")
    self.rule = rule
    scores = Tensor(zeros: shape)
    coverage = AlignedBuffer(zeros: shape.positions)
  }

  /// Adds a proposal's scores, which have its box's size.
  ///
  /// - Complexity: O(values of the proposal).
  package mutating func add(_ proposal: Tensor, in box: PixelBox, parallelism: Parallelism) {
    let (columns, channels) = (box.columns.count, scores.shape.channels)
    precondition(
      proposal.shape
        == TensorShape(height: box.rows.count, width: columns, channels: channels),
      "\(proposal.shape) for \(box.rows) × \(box.columns)")
    count += 1
    parallelism.forEach(box.rows.count) { row in
      let place = (box.rows.lowerBound + row) * scores.shape.width + box.columns.lowerBound
      let covered = coverage.base + place
      let (source, target) = (proposal.row(0, row), scores.base + place * channels)
      switch rule {
      case .sum: ck_add(target, source, columns * channels, target)
      case .maximum:
        for column in 0..<columns {
          let (from, to) = (source + column * channels, target + column * channels)
          if covered[column] == 0 {
            to.update(from: from, count: channels)
          } else {
            ck_max(to, from, channels, to)
          }
        }
      }
      for column in 0..<columns { covered[column] += 1 }
    }
  }

  /// The scores of the image.
  package func result(parallelism: Parallelism) -> Tensor {
    guard rule == .maximum else { return scores }
    let result = scores.copied()
    let channels = result.shape.channels
    parallelism.forEachPiece(of: result.shape) { positions in
      for position in positions where coverage[position] < count {
        // Some proposal leaves the pixel out, and its 0 takes part.
        for channel in position * channels..<(position + 1) * channels {
          result.base[channel] = max(result.base[channel], 0)
        }
      }
    }
    return result
  }
}
