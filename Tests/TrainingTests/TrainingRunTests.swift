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
}
