import DeepLabNet
import Formats
import LatticeSupport
import TestSupport
import Testing
import Training
import Unaries

@Suite("Runs of trainings")
struct TrainingRunTests {
  private let folder: TemporaryFolder
  private static let (width, height) = (33, 25)

  /// Three photographs of noise, brighter where the label is 1.
  init() throws {
    folder = try TemporaryFolder()
    var random = SeededGenerator(seed: 2)
    for part in ["images", "labels", "out"] { try FolderListing.create(folder.file(part)) }
    try folder.write(Array("dark\nbright\n".utf8), as: "classes.txt")
    for name in ["a", "b", "c"] {
      let labels = (0..<Self.width * Self.height).map { UInt16($0 % Self.width < 16 ? 0 : 1) }
      let bytes = labels.flatMap { label -> [UInt8] in
        (0..<3).map { _ in UInt8(60 + 80 * label) + UInt8(random.next() >> 58) }
      }
      try PNG.write(
        Image(width: Self.width, height: Self.height, rgb: bytes),
        to: folder.file("images/\(name).png"))
      try LabelFile.write(
        LabelMap(grid: GridShape(width: Self.width, height: Self.height), labels: labels),
        to: folder.file("labels/\(name).png"))
    }
  }

  private var experiment: Experiment {
    var experiment = Experiment()
    experiment.model = "deeplab-small"
    experiment.data = folder.path
    experiment.layout = "folders"
    experiment.batch = 2
    experiment.crop = [17, 25]
    experiment.steps = 4
    experiment.normalization = .frozen
    experiment.checkpointEvery = 2
    experiment.logEvery = 1
    experiment.seed = 1 << 60 + 1
    return experiment
  }

  /// Notes what it is told.
  private final class Observer: TrainingObserver {
    var steps: [Int] = []
    var written: [String] = []
    var logged: [Int]?

    func steps(_ pace: TrainingPace) {
      steps.append(pace.done)
      #expect(pace.total == 4 && pace.meanLoss.isFinite && pace.imagesPerSecond > 0)
    }
    func wrote(_ path: String) { written.append(path) }
    func ends(_ log: TrainingLog) { logged = log.lines.map(\.step) }
  }

  @Test("tell who looks on, write a log and weights, and go on from a state bit for bit")
  func resumption() throws {
    let observer = Observer()
    let whole = TrainingFolder(folder.file("out/whole"))
    try whole.begin()
    let run = try TrainingRun(
      experiment, folder: whole, parallelism: Parallelism(threads: 2), observer: observer)
    #expect(run.classes == 2 && run.images == 3 && run.total == 4 && run.imagesAStep == 2)
    try run.run()
    #expect(observer.steps == [1, 2, 3, 4] && observer.logged == [1, 2, 3, 4])
    #expect(observer.written == [whole.weights])
    #expect(throws: InputError.self) { try whole.checkIsFree() }

    // Two steps, and then the rest from their state.
    let parts = TrainingFolder(folder.file("out/parts"))
    try parts.begin()
    var begun = experiment
    begun.steps = 2
    // As if it had been stopped: the rate depends on the steps in all, so that it is constant.
    begun.schedule = LearningRateSchedule(.constant, base: 1e-3)
    try TrainingRun(begun, folder: parts, parallelism: .serial).run()
    let saved = try parts.read()
    #expect(saved.header.step == 2 && saved.header.experiment == begun)
    var rest = begun
    rest.steps = 4
    let resumed = try TrainingRun(
      rest, folder: parts, resuming: saved, parallelism: .serial, observer: observer)
    try resumed.run()
    let single = TrainingFolder(folder.file("out/single"))
    try single.begin()
    try TrainingRun(rest, folder: single, parallelism: .serial).run()
    #expect(
      try folder.bytes(of: "out/parts/weights.safetensors")
        == folder.bytes(of: "out/single/weights.safetensors"))
  }

  @Test("train what refines scores along with the network, and keep it with the weights")
  func refinement() throws {
    var refined = experiment
    refined.steps = 2
    refined.domainTransform.enabled = true
    refined.crf.enabled = true
    (refined.crf.spatialSigma, refined.crf.bilateralSigma, refined.crf.stride) = (2, 8, 2)
    refined.validationSplit = ""
    refined.optimizer = OptimizerSettings(.adamW)
    let target = TrainingFolder(folder.file("out/refined"))
    try target.begin()
    try TrainingRun(refined, folder: target, parallelism: .serial).run()
    let saved = try target.read()
    #expect(saved.header.experiment == refined)
    let loaded = try LoadedNetwork(
      NetworkCatalog.entry(named: refined.model), weights: CheckpointFile.open(target.weights),
      parallelism: .serial)
    #expect(loaded.refinement == refined.refinement && loaded.leftOut.isEmpty)
    #expect(loaded.classCount == 2)
    let scores = try loaded.scorer.scores(
      of: PictureReading().photograph(folder.file("images/a.png")))
    #expect(scores.logits.shape.width == Self.width && scores.logits.shape.channels == 2)
    let areFinite = scores.logits.values().allSatisfy(\.isFinite)
    #expect(areFinite)

    // A CRF that learns alone begins with the weights of a network without one.
    let plain = TrainingFolder(folder.file("out/plain"))
    try plain.begin()
    var first = experiment
    first.steps = 1
    try TrainingRun(first, folder: plain, parallelism: .serial).run()
    var second = first
    second.weights = plain.weights
    second.crf.enabled = true
    second.crf.learns = .crf
    second.optimizer = OptimizerSettings(.adamW)
    let alone = TrainingFolder(folder.file("out/alone"))
    try alone.begin()
    let run = try TrainingRun(second, folder: alone, parallelism: .serial)
    #expect(run.origin.contains("without crf.spatial_weights"))
    try run.run()
    let (before, after) = (
      try CheckpointFile.open(plain.weights), try CheckpointFile.open(alone.weights)
    )
    for entry in before.entries {
      let isSame =
        try before.values(of: entry.name).values() == after.values(of: entry.name).values()
      #expect(isSame, "\(entry.name)")
    }
  }
}
