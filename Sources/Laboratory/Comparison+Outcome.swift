import Evaluation
import LatticeSupport
import Tuning

extension Comparison {
  /// What a comparison came to.
  public struct Outcome: Sendable {
    /// One for each model and filter, in their order.
    public let rows: [Row]
    /// Images that were measured.
    public let imageCount: Int
    /// Measurements that the journal held.
    public let resumedCount: Int

    init(_ comparison: Comparison, _ entries: [Entry], resumedCount: Int) throws {
      var rows = try comparison.models.flatMap { model in
        try comparison.filters.map { filter in
          try Row(
            model: model.name, filter: "\(filter)", iterations: model.model.iterations,
            entries.filter { $0.model == model.name && $0.filter == "\(filter)" })
        }
      }
      for index in rows.indices {
        rows[index].isOnFront = !rows.contains { rows[index].isBeaten(by: $0) }
      }
      self.rows = rows
      imageCount = comparison.images.count
      self.resumedCount = resumedCount
    }
  }

  /// What a model and a filter came to over all images.
  public struct Row: Sendable {
    /// What the model is called.
    public let model: String
    /// The filter's description.
    public let filter: String
    /// Mean seconds to build the filters of an image.
    public let build: Double
    /// Mean seconds of an update.
    public let update: Double
    /// Mean seconds for an image, with all updates.
    public let seconds: Double
    /// The most bytes of an image; `nil` for filters without rows.
    public let memory: Int?
    /// Mean |Δ| of weighted means from those of all pairs; `nil` where that was not measured.
    public let filterError: Double?
    /// Mean |Δ| of marginals.
    public let marginalError: Double?
    /// The share of labels that are those of all pairs.
    public let equalLabels: Double?
    /// The mean IOU.
    public let meanIOU: Double?
    /// The mean IOU near true boundaries.
    public let nearIOU: Double?
    /// Why an image could not be solved; `nil` where all could.
    public let failure: String?
    /// Whether no other filter is both faster and closer to all pairs for the same model.
    public internal(set) var isOnFront = false

    init(model: String, filter: String, iterations: Int, _ entries: [Entry]) throws {
      self.model = model
      self.filter = filter
      failure = entries.lazy.compactMap(\.failure).first
      let solved = entries.filter { $0.failure == nil }
      func mean(_ value: (Entry) -> Double?) -> Double? {
        let values = solved.compactMap(value)
        return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
      }
      build = mean(\.build) ?? 0
      update = mean(\.update) ?? 0
      seconds = build + Double(iterations) * update
      memory = solved.compactMap(\.memory).max()
      filterError = mean(\.filterError)
      marginalError = mean(\.marginalError)
      equalLabels = mean(\.equalLabels)
      var tally: Tally?
      for entry in solved {
        let other = Tally(
          whole: try ConfusionMatrix(counts: entry.whole),
          band: try ConfusionMatrix(counts: entry.band))
        guard tally?.whole.labelCount ?? other.whole.labelCount == other.whole.labelCount else {
          throw InputError(
            .data, at: entry.image, "has other labels than the images before",
            remedy: "compare images of the same labels")
        }
        if tally == nil { tally = other } else { tally? += other }
      }
      meanIOU = tally?.whole.meanIOU
      nearIOU = tally?.band.meanIOU
    }

    /// Whether another filter for the same model is at least as fast and as close, and one of both
    /// more.
    func isBeaten(by other: Row) -> Bool {
      guard let error = marginalError, failure == nil else { return true }
      guard let otherError = other.marginalError, other.failure == nil, other.model == model else {
        return false
      }
      return other.seconds <= seconds && otherError <= error
        && (other.seconds < seconds || otherError < error)
    }
  }
}
