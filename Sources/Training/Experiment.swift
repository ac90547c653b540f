import DeepLabNet
import Evaluation
import Formats
import LatticeSupport
import Unaries

/// Everything that a training depends on: what a configuration file says, with its defaults.
public struct Experiment: Codable, Equatable, Sendable {
  /// The network, by its name in `NetworkCatalog`.
  public var model = "deeplab-v1-largefov"
  /// Classes; 0 for those that the data set names.
  public var classes = 0
  /// Pixels between scores; 0 for the paper's.
  public var outputStride = 0
  /// Whether an auxiliary head is trained with the network, where it has one.
  public var auxiliaryHead = false
  /// What its loss is multiplied by.
  public var auxiliaryWeight = 0.5
  /// A checkpoint to begin with; layers that it lacks, or has in other shapes, begin at random.
  public var weights = ""
  /// Which of its dictionaries is meant, such as `model_ema`, where it holds several networks.
  public var weightsState = ""
  /// What the names of its tensors begin with that are meant; those that are found where empty.
  public var weightsPrefix = ""

  /// The folder of the data set.
  public var data = ""
  /// The layout of the folder, seen from it where empty.
  public var layout = ""
  /// A folder of label maps instead, matched by name.
  public var labelFolder = ""
  /// Which photographs of it; those of its only split where empty.
  public var split = ""
  /// What the numbers of label maps stand for, as `LabelMapping` has it in text; what the layout
  /// says where empty.
  public var labelMap = ""
  /// The names of the classes: a list that is known, or a file; the data set's where empty.
  public var classNames = ""
  /// What is done with photographs that are not stored upright.
  public var orientation = OrientationRule.ask

  /// What is seen of photographs.
  public var examples = ExampleKind.crops
  /// How objects and proposals are chosen.
  public var boxes = BoxExampleOptions()
  /// Rows and columns that a box is resized to before `crop` is cut from it.
  public var boxSize = [250, 250]
  /// Where proposals come from: edges, grid, a file of boxes, or a folder of such files.
  public var proposals = "edges"

  /// Images of a batch.
  public var batch = 10
  /// Batches of a step.
  public var accumulation = 1
  /// Rows and columns of what is cut from images; none for whole images.
  public var crop = [321, 321]
  /// Factors that images are resized by, one of them for each; none to keep their sizes.
  public var imageScales: [Double] = []
  /// The smallest and the largest factor, instead.
  public var imageScaleRange: [Double] = []
  /// Whether half of the images are mirrored.
  public var mirrors = true
  /// Decides on images, crops, first weights and dropouts.
  public var seed: UInt64 = 0

  /// Steps to be made.
  public var steps = 6000
  /// Passes over the photographs that are made instead of `steps`, where above 0.
  public var epochs = 0.0
  /// How gradients become changes.
  public var optimizer = OptimizerSettings(
    .caffeSGD, biasRate: 2, biasDecay: 0, lastRate: 10, lastBiasRate: 20)
  /// The learning rate, step by step.
  public var schedule = LearningRateSchedule(.poly, base: 1e-3)
  /// What is to be small.
  public var loss = SegmentationLoss()
  /// What normalisations do while the network learns.
  public var normalization = NormalizationMode.batch
  /// How much of a batch's statistics goes into the running ones.
  public var normalizationShare = 0.1
  /// Sizes at which the network sees each image, with a loss for each and one for the largest
  /// scores.
  public var lossScales = [1.0]
  /// Whether activations are computed again rather than kept: less memory, the same results.
  public var recomputesActivations = false

  /// A domain transform behind the network that is learned with it.
  public var domainTransform = DomainTransformSettings()
  /// A CRF behind the network, or behind its domain transform, that is learned with it.
  public var crf = CRFLayerSettings()

  /// Steps from one checkpoint to the next.
  public var checkpointEvery = 500
  /// Steps from one line of the log to the next.
  public var logEvery = 10

  /// A split of the same data set that the network is evaluated on meanwhile; none where empty.
  public var validationSplit = ""
  /// Steps from one evaluation to the next; 0 for one at the end alone.
  public var validateEvery = 0
  /// The most photographs that are looked at, evenly spaced in the split; 0 for all.
  public var validationLimit = 0

  /// The defaults: DeepLab v1's training, of a data set that is still to be named.
  public init() {}
}

extension Experiment {
  /// More than anybody can wait for; products with batches stay within integers.
  private static let mostSteps = 1_000_000_000

  /// Refuses what cannot be trained, before anything is read.
  ///
  /// - Throws: `InputError` that names the key.
  public func check() throws {
    func require(_ isRight: Bool, _ key: String, _ problem: String) throws {
      guard isRight else { throw InputError(.usage, at: "'\(key)'", problem) }
    }
    func requireAmount(_ value: Double, _ key: String) throws {
      try require(
        value >= 0 && value.isFinite, key, "is \(value), but must be a number of 0 or more")
    }
    try require(!data.isEmpty, "data", "is missing: it names the folder of a data set")
    try require((0...65535).contains(classes), "classes", "is \(classes), but must be 0…65535")
    try require(batch >= 1 && batch <= 4096, "batch", "is \(batch), but must be 1…4096")
    try require(
      (1...4096).contains(accumulation), "accumulation",
      "is \(accumulation), but must be 1…4096")
    try require(
      crop.isEmpty || crop.count == 2 && crop.allSatisfy { (1...16384).contains($0) }, "crop",
      "is \(crop), but must be rows and columns, or [] for whole images")
    try require(
      imageScaleRange.isEmpty
        || imageScaleRange.count == 2
          && imageScaleRange[0] <= imageScaleRange[1],
      "imageScaleRange",
      "is \(imageScaleRange), but must be the smallest and the largest factor")
    try require(
      imageScales.isEmpty || imageScaleRange.isEmpty, "imageScales",
      "is given, and so is 'imageScaleRange'")
    try checkBoxes()
    for (key, value) in [("weightsState", weightsState), ("weightsPrefix", weightsPrefix)] {
      try require(
        value.isEmpty || !weights.isEmpty, key,
        "is '\(value)', but no 'weights' are given that it would choose from")
    }
    try require(
      (1...Self.mostSteps).contains(steps), "steps",
      "is \(steps), but must be 1…\(Self.mostSteps)")
    try require((0...1e6).contains(epochs), "epochs", "is \(epochs), but must be 0…1000000")
    try require(
      !lossScales.isEmpty && lossScales.allSatisfy { (0.1...4).contains($0) }, "lossScales",
      "is \(lossScales), but must be factors of 0.1…4")
    try require(
      schedule.every >= 1, "schedule.every", "is \(schedule.every), but must be at least 1")
    try requireAmount(schedule.base, "schedule.base")
    try requireAmount(schedule.gamma, "schedule.gamma")
    try requireAmount(schedule.power, "schedule.power")
    try require(
      (0...1).contains(normalizationShare), "normalizationShare",
      "is \(normalizationShare), but must be 0…1")
    try requireAmount(auxiliaryWeight, "auxiliaryWeight")
    try require(
      (0..<1).contains(optimizer.momentum), "optimizer.momentum",
      "is \(optimizer.momentum), but must be 0 or more and below 1")
    try requireAmount(optimizer.weightDecay, "optimizer.weightDecay")
    try require(
      optimizer.epsilon > 0 && optimizer.epsilon.isFinite, "optimizer.epsilon",
      "is \(optimizer.epsilon), but must be above 0")
    try require(
      optimizer.hasTwoBetas, "optimizer.betas",
      "is \(optimizer.betas), but must be two numbers of 0 or more and below 1")
    try refinement.check()
    try require(
      !crf.enabled || crf.learns == .all || !domainTransform.enabled, "crf.learns",
      "is \(crf.learns.rawValue), but the domain transform learns with the network")
    try require(
      checkpointEvery >= 1, "checkpointEvery", "is \(checkpointEvery), but must be at least 1")
    try require(logEvery >= 1, "logEvery", "is \(logEvery), but must be at least 1")
    for (key, value) in [("validateEvery", validateEvery), ("validationLimit", validationLimit)] {
      try require(value >= 0, key, "is \(value), but must be 0 or more")
      try require(
        value == 0 || !validationSplit.isEmpty, key,
        "is \(value), but no 'validationSplit' says which photographs are meant")
    }
  }

  /// What refines the network's scores.
  public var refinement: LearnedRefinement {
    LearnedRefinement(domainTransform: domainTransform, crf: crf)
  }

  /// How images are varied.
  func augmentation() throws -> SampleAugmentation {
    let scales: SampleAugmentation.Scales =
      if examples != .crops {
        .fixed(.init(height: boxSize[0], width: boxSize[1]))
      } else if !imageScaleRange.isEmpty {
        .range(Float(imageScaleRange[0])...Float(imageScaleRange[1]))
      } else if !imageScales.isEmpty {
        .choices(imageScales.map { Float($0) })
      } else {
        .none
      }
    return try SampleAugmentation(
      scales: scales, crop: crop.isEmpty ? nil : .init(height: crop[0], width: crop[1]),
      mirrors: mirrors)
  }

  /// Rows and columns of what the network sees; of whole images, whose sizes differ, usual ones
  /// that it takes.
  func typicalSize(for sizes: ImageSizes) -> (height: Int, width: Int) {
    if crop.isEmpty && examples == .crops { return (sizes.fitting(513), sizes.fitting(513)) }
    let size = crop.isEmpty ? boxSize : crop
    return (size[0], size[1])
  }

  /// How the network is trained on `images` photographs, or parts of some.
  func trainerOptions(images: Int) -> TrainerOptions {
    let perStep = Double(batch * accumulation)
    let steps = epochs > 0 ? Int((epochs * Double(images) / perStep).rounded(.up)) : steps
    return TrainerOptions(
      optimizer: optimizer, schedule: schedule, steps: max(1, steps), loss: loss,
      normalization: normalization, normalizationShare: normalizationShare, scales: lossScales,
      accumulation: accumulation, auxiliaryWeight: auxiliaryWeight, seed: seed,
      recomputesActivations: recomputesActivations,
      learnsRefinementAlone: crf.enabled && crf.learns == .crf)
  }

  /// The output stride; `nil` for the paper's.
  ///
  /// - Throws: `InputError` where there is no such stride.
  func namedStride() throws -> OutputStride? {
    outputStride == 0 ? nil : try OutputStride(outputStride)
  }

  /// The photographs of one split; of the only one where the name is empty.
  ///
  /// - Throws: `InputError` as `Dataset.init` does.
  public func dataset(split: String) throws -> Dataset {
    let layout: (any DatasetLayout)? =
      labelFolder.isEmpty
      ? (self.layout.isEmpty ? nil : try DatasetLayouts.named(self.layout))
      : FolderPairLayout(labels: labelFolder)
    var dataset = try Dataset(
      at: data, layout: layout, split: split.isEmpty ? nil : split,
      classNames: classNames.isEmpty ? nil : ClassNames.named(classNames),
      mapping: labelMap.isEmpty
        ? nil : naming("'labelMap'") { try LabelMapping(labelMap, void: loss.ignored) })
    dataset.orientation = orientation
    return dataset
  }

  /// What `body` returns; what it refuses is the key's, unless the error names another place.
  func naming<Result>(_ key: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as InputError {
      throw error.at(key)
    }
  }
}
