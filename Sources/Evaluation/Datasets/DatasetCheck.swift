import Formats
import LatticeSupport
import Unaries

/// What is wrong with a data set, file by file, and how often each class occurs.
public struct DatasetCheck: Sendable {
  /// What can be wrong with a file.
  public enum Fault: String, Sendable, CaseIterable {
    /// It is not there.
    case missing
    /// It is damaged or of another kind.
    case unreadable
    /// Labels of another size than the photograph's.
    case misSized = "mis-sized"
    /// A label that is not a class.
    case mislabelled
    /// A photograph that is not stored upright, where nothing shows whether its labels are.
    case ambiguous = "of unclear orientation"
    /// A photograph that a split names more than once.
    case repeated
  }

  /// A file with a fault.
  public struct Problem: Sendable, Equatable {
    /// What is wrong.
    public let fault: Fault
    /// The file.
    public let path: String
    /// What was found, and what was expected.
    public let problem: String
    /// How to mend it; empty where nothing useful can be said.
    public let remedy: Remedy

    /// What was found, what was expected, and how to mend it, in a front end's terms.
    public func text(in wording: RemedyWording = .neutral) -> String {
      remedy.isEmpty ? problem : "\(problem); \(remedy.text(in: wording))"
    }
  }

  /// How often a label occurs.
  public struct Occurrence: Sendable, Equatable {
    /// Pixels with it.
    public fileprivate(set) var pixels = 0
    /// Photographs with such pixels.
    public fileprivate(set) var images = 0
  }

  /// In the order of the photographs.
  public private(set) var problems: [Problem] = []
  /// Photographs without a fault.
  public private(set) var soundCount = 0
  /// How those are taken that are not stored upright, and yet have no fault for it; in the
  /// order of the photographs.
  package private(set) var orientations: [(path: String, use: OrientationUse)] = []
  /// Over the photographs whose labels could be read, the void label among them.
  public private(set) var occurrences: [UInt16: Occurrence] = [:]

  /// What is odd about the labels as a whole: `nil` where every class occurs, or it is not known
  /// which there are and several do.
  public var oddity: TruthOddity? {
    TruthOddity(
      occurring: Set(occurrences.keys), ignoring: Dataset.void, classes: dataset.classNames?.count)
  }

  /// What is wrong with the labels as a whole: nothing can be learnt from a single class. `nil`
  /// where nothing is, or only a class is absent.
  public var fault: TruthOddity? {
    switch oddity {
    case .nothingCounts?, .singleClass?: oddity
    case .absent?, nil: nil
    }
  }

  /// Whether nothing is wrong with any file, nor with the labels as a whole.
  public var isSound: Bool { problems.isEmpty && fault == nil }

  private let dataset: Dataset

  /// Reads all photographs and labels of `dataset`; which classes there are is not checked where
  /// it is not known.
  ///
  /// - Parameters:
  ///   - dataset: what is checked.
  ///   - parallelism: how many threads may read.
  ///   - progress: told after each few photographs how many were read.
  /// - Complexity: O(pixels); a few photographs are held at a time.
  public init(
    _ dataset: Dataset, parallelism: Parallelism = .automatic, progress: (Int) -> Void = { _ in }
  ) {
    self.dataset = dataset
    var seen: Set<String> = []
    for start in stride(from: 0, to: dataset.count, by: Self.blockSize) {
      let block = start..<min(dataset.count, start + Self.blockSize)
      let findings = parallelism.map(block.count) {
        Self.look(at: block.lowerBound + $0, dataset)
      }
      for (index, finding) in zip(block, findings) {
        var finding = finding
        let entry = dataset.entries[index]
        if !seen.insert(entry.image).inserted {
          finding.problems.append(
            Problem(
              fault: .repeated, path: entry.image,
              problem: "is named more than once by the split", remedy: ""))
        }
        take(finding)
      }
      progress(block.upperBound)
    }
  }

  /// As many photographs are read from one report to the next.
  private static let blockSize = 32

  private mutating func take(_ finding: Finding) {
    problems += finding.problems
    orientations += finding.orientation.map { [$0] } ?? []
    if finding.problems.isEmpty { soundCount += 1 }
    for (label, pixels) in finding.pixels {
      occurrences[label, default: Occurrence()].pixels += pixels
      occurrences[label, default: Occurrence()].images += 1
    }
  }

  /// What one photograph showed.
  private struct Finding {
    var problems: [Problem] = []
    var pixels: [UInt16: Int] = [:]
    var orientation: (path: String, use: OrientationUse)?
  }

  private static func look(at index: Int, _ dataset: Dataset) -> Finding {
    var finding = Finding()
    let entry = dataset.entries[index]
    let picture = read(entry.image, &finding) { try StoredPicture(entry.image) }
    guard let stored = labels(entry.labels, dataset, &finding) else { return finding }
    let isMapped = dataset.reading.mapping != nil
    finding.pixels = stored.occurrences(
      of: isMapped ? nil : dataset.layout.classTable(for: entry.labels))
    var labels: LabelMap?
    note(.mislabelled, entry.labels, &finding) {
      labels =
        isMapped ? stored : try dataset.layout.classes(of: stored, path: entry.labels)
    }
    if let picture { check(picture, stored, dataset, entry, &finding) }
    if let labels, let names = dataset.classNames {
      note(.mislabelled, entry.labels, &finding) {
        try labels.check(classes: names.count, ignoring: Dataset.void)
      }
    }
    return finding
  }

  /// The labels of a file, as its numbers are mapped; a number that stands for nothing is another
  /// fault than a file that cannot be read.
  private static func labels(
    _ path: String, _ dataset: Dataset, _ finding: inout Finding
  ) -> LabelMap? {
    let mapped = Result { try LabelFile.read(path, as: dataset.reading) }
    if case .failure = mapped, dataset.reading.mapping != nil {
      var unmapped = dataset.reading
      unmapped.mapping = nil
      if (try? LabelFile.read(path, as: unmapped)) != nil {
        note(.mislabelled, path, &finding) { _ = try mapped.get() }
        return nil
      }
    }
    return read(path, &finding) { try mapped.get() }
  }

  /// Checks that a photograph has the rows and columns of its labels.
  private static func check(
    _ picture: StoredPicture, _ labels: LabelMap, _ dataset: Dataset, _ entry: Dataset.Entry,
    _ finding: inout Finding
  ) {
    var image: Image?
    var use: OrientationUse?
    note(.ambiguous, entry.image, &finding) {
      use = try dataset.orientation.use(
        picture.orientation, stored: picture.image.grid, at: entry.image, companion: "labels",
        fits: [{ $0 == labels.grid }])
      image = picture.image(isUpright: use?.isApplied == true)
    }
    guard let image else { return }
    note(.misSized, entry.labels, &finding) {
      _ = try LabelledImage(image: image, labels: labels)
    }
    if image.grid == labels.grid { finding.orientation = use.map { (entry.image, $0) } }
  }

  private static func read<Value>(
    _ path: String, _ finding: inout Finding, _ body: () throws -> Value
  ) -> Value? {
    guard FolderListing.exists(path) else {
      finding.problems.append(
        Problem(fault: .missing, path: path, problem: "is not there", remedy: ""))
      return nil
    }
    var value: Value?
    note(.unreadable, path, &finding) { value = try body() }
    return value
  }

  private static func note(
    _ fault: Fault, _ path: String, _ finding: inout Finding, _ body: () throws -> Void
  ) {
    do {
      try body()
    } catch {
      let error = error as? InputError ?? InputError(.data, "\(error)")
      finding.problems.append(
        Problem(fault: fault, path: path, problem: error.problem, remedy: error.remedy))
    }
  }
}

extension LabelMap {
  /// How many points have each class; those whose labels stand for nothing are left out. O(N).
  ///
  /// - Parameter table: see `DatasetLayout.classTable`.
  fileprivate func occurrences(of table: [UInt16]?) -> [UInt16: Int] {
    var counts = [Int](repeating: 0, count: Int(UInt16.max) + 1)
    for label in labels { counts[Int(label)] += 1 }
    var result: [UInt16: Int] = [:]
    for (label, count) in counts.enumerated() where count > 0 {
      let label = UInt16(label)
      guard let table, label != Dataset.void else {
        result[label, default: 0] += count
        continue
      }
      if label < table.count { result[table[Int(label)], default: 0] += count }
    }
    return result
  }
}
