import DeepLabNet
import Evaluation
import LatticeSupport

/// What a training sees of a photograph.
public enum ExampleKind: String, Codable, CaseIterable, Sendable {
  /// A random part of it.
  case crops
  /// One of its objects, labelled with its own class alone: DeconvNet's first stage.
  case objects
  /// A proposal that overlaps one of its objects, with all labels: DeconvNet's second stage.
  case proposals
}

extension Experiment {
  /// Refuses boxes that cannot be.
  func checkBoxes() throws {
    func require(_ isRight: Bool, _ key: String, _ problem: String) throws {
      guard isRight else { throw InputError(.usage, at: "'\(key)'", problem) }
    }
    try require(
      boxSize.count == 2 && boxSize.allSatisfy { (1...16384).contains($0) }, "boxSize",
      "is \(boxSize), but must be rows and columns of 1…16384")
    try require(
      (0.1...10).contains(boxes.scale), "boxes.scale", "is \(boxes.scale), but must be 0.1…10")
    try require(
      boxes.minimumArea >= 1, "boxes.minimumArea",
      "is \(boxes.minimumArea), but must be at least 1")
    try require(
      boxes.proposalLimit >= 1, "boxes.proposalLimit",
      "is \(boxes.proposalLimit), but must be at least 1")
    try require(
      boxes.overlap > 0 && boxes.overlap <= 1, "boxes.overlap",
      "is \(boxes.overlap), but must be above 0, up to 1")
    try require(
      examples == .proposals || proposals == Experiment().proposals, "proposals",
      "is '\(proposals)', but 'examples' are \(examples)")
    guard examples != .crops else { return }
    try require(
      crop.isEmpty || zip(crop, boxSize).allSatisfy { $0 <= $1 }, "crop",
      "is \(crop), but boxes are of \(boxSize) rows and columns ('boxSize')")
    for (key, factors) in [("imageScales", imageScales), ("imageScaleRange", imageScaleRange)] {
      try require(
        factors.isEmpty, key,
        "is \(factors), but examples that are \(examples) have one size, 'boxSize'")
    }
    try require(
      boxes.background != loss.ignored, "boxes.background",
      "is \(boxes.background), which 'loss.ignored' leaves out")
  }

  /// Looks for the parts of the photographs that are learnt from; `nil` where they are random ones.
  ///
  /// - Throws: `InputError` where there are none, or what they are found with cannot be read.
  func boxExamples(
    in dataset: Dataset, classes: Int, parallelism: Parallelism, progress: ((Double) -> Void)?
  ) throws -> BoxExamples? {
    guard examples != .crops else { return nil }
    do {
      return try BoxExamples(
        exampleSource(in: dataset), of: dataset, classes: classes, ignoring: loss.ignored,
        options: boxes, parallelism: parallelism
      ) { progress?(Double($0) / Double(dataset.count)) }
    } catch let error as InputError {
      throw error.at(data)
    }
  }

  private func exampleSource(in dataset: Dataset) throws -> BoxExamples.Source {
    guard examples == .proposals else { return .objects }
    let source = try naming("'proposals'") { try ProposalChoice.Source(proposals) }
    if case .file = source, dataset.count > 1 {
      throw InputError(
        .usage, at: "'proposals'",
        "is the file '\(proposals)', but there are \(dataset.count) photographs",
        remedy: "give a folder with a file of boxes for each")
    }
    return .proposals { try source.boxes(forImageAt: dataset.entries[$0].image) }
  }

  /// What is said of examples before the first step.
  func summary(of found: BoxExamples) -> String {
    let what = "\(found.uniqueCount) \(examples) of \(found.classCount) classes"
    let balanced = boxes.balancesClasses ? ", \(found.count) an epoch" : ""
    let without =
      found.imagesWithout == 0 ? "" : "; \(found.imagesWithout) photographs without are left out"
    return what + balanced + without
  }
}

extension TrainingHeader {
  /// Refuses to go on with other boxes.
  ///
  /// - Parameters:
  ///   - found: the fingerprint of the boxes as they are now; `nil` where none are learnt from.
  ///   - path: where the photographs are.
  /// - Throws: `InputError` where they are others.
  func check(examples found: String?, at path: String) throws {
    guard let found, let examples, examples != found else { return }
    throw InputError(
      .data, at: path, "does not have the \(experiment.examples) that the training began with",
      remedy:
        "restore labels and proposals, or begin anew with the weights that there are and another folder"
    )
  }
}
