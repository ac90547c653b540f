import Unaries

/// Where the parts of an image that may be objects come from: a file, a grid, a detector.
///
/// The segmentation of Noh et al. (2015), doi:10.1109/ICCV.2015.178, looks at one at a time.
public protocol ProposalSource: Sendable {
  /// Parts of a photograph, best first.
  ///
  /// - Parameters:
  ///   - image: the photograph.
  ///   - limit: as many are wanted at most; at least 1.
  /// - Returns: no more than `limit`, the same ones for the same image.
  /// - Throws: `InputError` where none can be found.
  func proposals(for image: Image, limit: Int) throws -> [Proposal]
}
