import LatticeSupport
import MeanField
import PostFilters
import Unaries

extension RefinementKind {
  /// Every kind by its name.
  public static let registry = Registry<RefinementKind>([
    .crf, .temperature, .band, .guided, .domainTransform, .smoother, .jointBilateral, .pamr, .par,
    .bilateralSolver, .randomWalker, .superpixels,
  ])
}

extension LabelFilterKind {
  /// Every kind by its name.
  public static let registry = Registry<LabelFilterKind>([
    .components, .largest, .holes, .sieve, .majority, .open, .close, .keep, .map,
  ])
}
