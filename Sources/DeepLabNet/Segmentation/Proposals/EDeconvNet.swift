import LatticeSupport
import Unaries

extension EnsembleUnary {
  /// EDeconvNet: the mean of DeconvNet's and FCN's class probabilities.
  ///
  /// "Ensemble with FCN" of Noh, Hong & Han (2015), doi:10.1109/ICCV.2015.178: proposals show the
  /// details of objects, the whole image their surroundings. A CRF over it is EDeconvNet+CRF.
  /// - Parameters:
  ///   - deconvNet: DeconvNet over proposals, as a rule a `DeepLab` of a `ProposalSegmenter`.
  ///   - fcn: FCN, or any other network that sees the whole image.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where they do not have the same number of labels.
  public static func eDeconvNet(
    deconvNet: any Unary, fcn: any Unary, parallelism: Parallelism = .automatic
  ) throws -> EnsembleUnary {
    try EnsembleUnary([deconvNet, fcn], parallelism: parallelism)
  }
}
