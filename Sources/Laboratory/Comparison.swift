import Evaluation
import Lattice
import LatticeSupport
import MeanField
import Tuning
import Unaries

/// CRFs of some models through some filters over images with true labels: how long they take, how
/// far they are from all pairs, and how good their labels are.
///
/// One image after another, so that times are those of all threads. How far a filter is from all
/// pairs is measured on a part from the middle of each image, where the exact filter is quick.
public struct Comparison: Sendable {
  /// A model and what it is called.
  public struct Model: Sendable {
    /// A preset's name, a file, or the kernels.
    public let name: String
    /// The CRF; its filter is replaced.
    public let model: CRFModel

    /// - Parameters:
    ///   - name: no two are alike.
    ///   - model: the CRF; its filter is replaced.
    public init(_ name: String, _ model: CRFModel) {
      self.name = name
      self.model = model
    }
  }

  /// How it is measured.
  public struct Options: Sendable {
    /// Runs over each image; times are medians.
    public var runs = 1
    /// Pixels of the part that is solved exactly, about; 0 leaves that out.
    public var exactPixels = 12_000
    /// How near true boundaries labels are looked at, in pixels.
    public var trimapWidth = 4
    /// The label of the truth whose pixels do not count.
    public var void: UInt16 = Palette.voidLabel

    /// One run, on parts of about 126×95 pixels.
    public init() {}
  }

  let images: [TuningImage]
  let models: [Model]
  let filters: [Description<FilterKind>]
  let options: Options
  let context: DescriptionContext
  let parallelism: Parallelism

  /// - Parameters:
  ///   - images: the set; no two of the same name.
  ///   - models: what is solved.
  ///   - filters: how pairs are summed.
  ///   - options: how it is measured.
  ///   - context: gives the arrays that models refer to.
  ///   - parallelism: the threads to use.
  public init(
    _ images: [TuningImage], _ models: [Model], _ filters: [Description<FilterKind>],
    options: Options = Options(), context: DescriptionContext = .none,
    parallelism: Parallelism = .automatic
  ) {
    self.images = images
    self.models = models
    self.filters = filters
    self.options = options
    self.context = context
    self.parallelism = parallelism
  }

  /// What one image came to with one model and filter.
  struct Entry: Codable, Sendable {
    let image: String
    let model: String
    let filter: String
    /// Seconds to build the filters, and for one update.
    let build: Double
    let update: Double
    /// Bytes; `nil` for filters without rows.
    let memory: Int?
    /// Mean |Δ| of weighted means of the first marginals from those of all pairs, over the terms.
    let filterError: Double?
    /// Mean |Δ| of the last marginals.
    let marginalError: Double?
    /// The share of equal labels.
    let equalLabels: Double?
    let whole: [Int64]
    let band: [Int64]
    /// Why it could not be solved; all else is then 0 or empty.
    let failure: String?

    static let format = StateFormat(
      name: "crf-lab comparison 1", subject: "comparison", entry: "a measurement")
  }

  /// Measures whatever a journal does not hold yet.
  ///
  /// - Parameters:
  ///   - state: where measurements are kept; `nil` for nowhere.
  ///   - progress: told how many of all measurements are done, and what comes next.
  /// - Returns: a row for each model and filter.
  /// - Throws: `InputError` of an image that cannot be read, or a journal that cannot be used; what
  ///   is finished is kept.
  public func run(
    state: SearchState? = nil,
    progress: (_ done: Int, _ total: Int, _ next: String) -> Void = { _, _, _ in }
  ) throws -> Outcome {
    var entries: [Entry] = []
    var known: Set<[String]> = []
    let names = Set(images.map(\.name))
    func add(_ entry: Entry) {
      if known.insert([entry.image, entry.model, entry.filter]).inserted { entries.append(entry) }
    }
    let journal = try state.map { state in
      try StateFile(
        state.path, Entry.format,
        header: StateHeader(
          conditions: conditions.merging(state.conditions) { first, _ in first }, images: images,
          of: state, parallelism: parallelism)
      ) { (entry: Entry) in
        guard names.contains(entry.image) else {
          throw InputError(.data, "it is of '\(entry.image)', which the first line does not name")
        }
        add(entry)
      }
    }
    let resumed = entries.count
    let total = images.count * models.count * filters.count
    var done = 0
    for image in images {
      var measurement: ImageMeasurement?
      for model in models {
        for filter in filters {
          defer { done += 1 }
          guard !known.contains([image.name, model.name, "\(filter)"]) else { continue }
          progress(done, total, "\(image.name), \(model.name), \(filter)")
          let ready = try measurement ?? ImageMeasurement(image, self)
          let entry = try ready.entry(model, filter)
          measurement = ready
          try journal?.append([entry])
          add(entry)
        }
      }
    }
    return try Outcome(self, entries, resumedCount: resumed)
  }

  /// What measurements depend on.
  private var conditions: [String: String] {
    [
      "the number of runs": "\(options.runs)", "the exact part": "\(options.exactPixels) pixels",
      "the width near boundaries": "\(options.trimapWidth)", "void": "\(options.void)",
      "the number of threads": "\(parallelism.threads)",
    ].merging(models.map { ("the model \($0.name)", $0.model.withoutName.json.compactText) }) {
      first, _ in first
    }
  }
}

extension CRFModel {
  /// Without what changes no result, or is replaced.
  fileprivate var withoutName: CRFModel {
    var model = self
    (model.name, model.source, model.filter) = (nil, nil, Description(.permutohedral))
    return model
  }
}
