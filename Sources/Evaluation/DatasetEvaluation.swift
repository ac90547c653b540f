import Formats
import LatticeSupport
import Unaries

/// Compares the labels of one photograph of a data set after the other with the truth; nothing is
/// kept but counts.
public struct DatasetEvaluation {
  /// The photographs and their true labels.
  public let dataset: Dataset
  /// What gives the labels.
  public let source: LabelSource
  /// The label of pixels that do not count.
  public var void = Dataset.void
  /// How photographs are taken, beside what the data set says of their orientation.
  public var picture = PictureReading()
  /// The greatest distance to true boundaries that figures are wanted for, in pixels; 0 where
  /// boundaries are not looked at.
  public var trimapWidth = 0
  /// What counts as a boundary.
  public var boundary = Trimap.Boundary.labelChanges
  /// The refined labels of a photograph, of the energies that its labels have come of, which are
  /// compared with the truth too; adds to the times what it took. `nil` where labels are compared
  /// as they come only.
  public var refine: ((EnergyField, LoadedImage, inout Stopwatch) throws -> LabelMap)?

  /// Told the labels of each photograph: its number, the photograph and its truth, the labels as
  /// they come, and the refined ones where there are some. `nil` where nobody wants to see them.
  public var visit: ((Int, Sample, _ before: LabelMap, _ after: LabelMap?) throws -> Void)?

  /// What came of the photographs so far.
  public struct Outcome: Sendable {
    /// All that figures follow from.
    public fileprivate(set) var counts: EvaluationCounts
    /// How photographs were taken that are not stored upright.
    public fileprivate(set) var orientations: [OrientationUse] = []
    /// How long each stage took.
    public fileprivate(set) var times = Stopwatch()
  }

  /// A photograph and its true labels.
  public struct Sample: Sendable {
    /// The photograph.
    public let image: LoadedImage
    /// The true labels over it.
    public let labels: LabelMap
  }

  /// - Parameters:
  ///   - dataset: the photographs and their true labels.
  ///   - source: what gives the labels.
  public init(_ dataset: Dataset, labelledBy source: LabelSource) {
    self.dataset = dataset
    self.source = source
  }

  /// Evaluates all photographs.
  ///
  /// - Parameter progress: told what has come of the photographs up to one, by its number.
  /// - Throws: `InputError` naming the first file that cannot be used: figures over fewer
  ///   photographs than asked for would be others.
  public func run(progress: (Int, EvaluationCounts) -> Void = { _, _ in }) throws -> Outcome {
    var outcome = try begin()
    // Before work of hours: nobody may know which way up one of the last ones is.
    _ = try dataset.orientationUses(parallelism: .serial)
    for index in 0..<dataset.count {
      try add(read(index, &outcome), index, to: &outcome)
      progress(index, outcome.counts)
    }
    return outcome
  }

  /// Nothing counted yet.
  ///
  /// - Throws: `InputError` where boundaries cannot be looked at so.
  public func begin() throws -> Outcome {
    Outcome(
      counts: try EvaluationCounts(
        labelCount: source.labelCount, ignoring: void, isRefined: refine != nil,
        widths: Array(1..<trimapWidth + 1), boundary: boundary))
  }

  /// Reads photograph `index` and its true labels.
  ///
  /// - Throws: `InputError` naming the file that cannot be used.
  public func read(_ index: Int, _ outcome: inout Outcome) throws -> Sample {
    try outcome.times.measure(.read) {
      let image = try picture.photograph(index, of: dataset)
      let sample = try dataset.sample(
        index, over: image.image, classes: source.labelCount, ignoring: void)
      return Sample(image: image, labels: sample.labels)
    }
  }

  /// Counts the labels that photograph `index` is given.
  ///
  /// - Parameters:
  ///   - sample: as `read` gives it.
  ///   - index: its number.
  ///   - outcome: takes the counts.
  /// - Throws: `InputError` naming the file that has none, or that they come from.
  public func add(_ sample: Sample, _ index: Int, to outcome: inout Outcome) throws {
    let given = try source.labels(of: index, sample.image)
    outcome.times += given.times
    outcome.orientations += sample.image.notes.orientation.map { [$0] } ?? []
    var after: LabelMap?
    if let refine, let energies = given.energies {
      after = try refine(energies, sample.image, &outcome.times)
    }
    do {
      let truth = outcome.counts.measured(sample.labels)
      try outcome.counts.addBefore(given.labels, truth: truth)
      if let after { try outcome.counts.addAfter(after, truth: truth) }
      try visit?(index, sample, given.labels, after)
    } catch let error as InputError {
      // The truth was checked as it was read.
      throw error.at(source.paths[index])
    }
  }
}

extension PictureReading {
  /// Reads photograph `index` of a data set, with the rows that its labels have.
  ///
  /// - Throws: as `Dataset.image(_:)` does.
  public func photograph(_ index: Int, of dataset: Dataset) throws -> LoadedImage {
    let path = dataset.entries[index].image
    let picture = try StoredPicture(path)
    return LoadedImage(picture, try dataset.orientationUse(index, of: picture), at: path, self)
  }
}
