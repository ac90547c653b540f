/// How a network is trained, whatever the samples.
public struct TrainerOptions: Sendable, Hashable {
  /// How gradients move parameters.
  public var optimizer: OptimizerSettings
  /// How the learning rate falls.
  public var schedule: LearningRateSchedule
  /// Steps of the whole training.
  public var steps: Int
  /// How scores and labels become a loss.
  public var loss: SegmentationLoss
  /// How batch normalisations act.
  public var normalization: NormalizationMode
  /// How much of a batch's statistics goes into the running ones.
  public var normalizationShare: Double
  /// Sizes at which the network sees each image. With more than one there is a loss for each, and
  /// one for the largest of their scores: the MSC of Chen et al. (2017), §4.1.2.
  public var scales: [Double]
  /// Batches whose gradients are averaged in a step.
  public var accumulation: Int
  /// What an auxiliary head's loss is multiplied by, where the network has one.
  public var auxiliaryWeight: Double
  /// Decides what dropouts drop.
  public var seed: UInt64
  /// Whether the backward pass computes activations again, so that the forward pass need not keep
  /// all of them: less memory for about one more forward pass, and the same results bit for bit.
  /// Chen et al. (2016), arXiv:1604.06174.
  public var recomputesActivations: Bool
  /// Whether layers that refine scores learn and nothing else does: the network and the statistics
  /// of its normalisations stay as they are.
  public var learnsRefinementAlone: Bool

  /// - Parameters:
  ///   - optimizer: how gradients move parameters.
  ///   - schedule: how the learning rate falls.
  ///   - steps: steps of the whole training.
  ///   - loss: how scores and labels become a loss.
  ///   - normalization: how batch normalisations act.
  ///   - normalizationShare: how much of a batch's statistics goes into the running ones.
  ///   - scales: sizes at which the network sees each image.
  ///   - accumulation: batches whose gradients are averaged in a step.
  ///   - auxiliaryWeight: what an auxiliary head's loss is multiplied by.
  ///   - seed: decides what dropouts drop.
  ///   - recomputesActivations: whether the backward pass computes activations again.
  ///   - learnsRefinementAlone: whether layers that refine scores learn and nothing else does.
  public init(
    optimizer: OptimizerSettings, schedule: LearningRateSchedule, steps: Int,
    loss: SegmentationLoss = SegmentationLoss(), normalization: NormalizationMode = .batch,
    normalizationShare: Double = 0.1, scales: [Double] = [1], accumulation: Int = 1,
    auxiliaryWeight: Double = 0.5, seed: UInt64 = 0,
    recomputesActivations: Bool = false, learnsRefinementAlone: Bool = false
  ) {
    precondition(
      accumulation >= 1 && !scales.isEmpty && steps >= 1,
      "\(accumulation) batches a step, \(scales.count) scales, \(steps) steps")
    self.optimizer = optimizer
    self.schedule = schedule
    self.steps = steps
    self.loss = loss
    self.normalization = normalization
    self.normalizationShare = normalizationShare
    self.scales = scales
    self.accumulation = accumulation
    self.auxiliaryWeight = auxiliaryWeight
    self.seed = seed
    self.recomputesActivations = recomputesActivations
    self.learnsRefinementAlone = learnsRefinementAlone
  }
}
