import LatticeSupport

/// What marginals are worth, given the labels of some points.
///
/// A point is labelled where its label is below L; all others (255, 65535, …) are void and have no
/// influence, but where it is said. Krähenbühl & Koltun, "Parameter learning and convergent
/// inference for dense random fields", ICML 2013, has the first three.
public enum LearningObjective: Sendable, Hashable {
  /// The mean of log(Q(y) + ε); greater is better.
  case logLikelihood(epsilon: Double = 0, over: Counted = .labelled)
  /// Σ c(y)·Q(y) with c inversely proportional to the label's frequency to the power `power`, and
  /// summing to 1 over the points; greater is better. 0 is the share of points, 1 the average of
  /// labels, 0.2 close to IOU.
  case hamming(power: Double)
  /// The same with factors of the caller's own for all L labels.
  case weightedHamming([Double])
  /// The mean over labels of Σ Q(l) at points of l by the union; greater is better.
  case iou(over: AveragedLabels = .present)
  /// −Σ v(y)·log Q(y) / Σ v(y); less is better. `nil` weighs all labels alike.
  case crossEntropy(weights: [Double]? = nil)
  /// −Σ v(y)·(1 − Q(y))^γ·log Q(y) / n; less is better.
  case focal(gamma: Double, weights: [Double]? = nil)

  /// What a mean is taken over.
  public enum Counted: String, Sendable, CaseIterable {
    /// Labelled points.
    case labelled
    /// All points, void too, as Krähenbühl's program has it.
    case all
  }

  /// Which labels are averaged.
  public enum AveragedLabels: String, Sendable, CaseIterable {
    /// Those that occur.
    case present
    /// All L, as Krähenbühl's program has it: those that do not occur count as 0.
    case all
  }

  /// What becomes of the images of a batch.
  public enum Reduction: String, Sendable, CaseIterable {
    /// The mean over images that have a labelled point.
    case imageMean
    /// The batch as one large image.
    case pooled
  }

  /// Whether greater values are better.
  public var isMaximized: Bool {
    switch self {
    case .logLikelihood, .hamming, .weightedHamming, .iou: true
    case .crossEntropy, .focal: false
    }
  }
}
