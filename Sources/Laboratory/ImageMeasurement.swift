import Evaluation
import Lattice
import LatticeSupport
import MeanField
import Tuning
import Unaries

/// One image of a comparison in memory, and a part of it that is solved exactly.
final class ImageMeasurement {
  private let name: String
  private let comparison: Comparison
  private let whole: Problem
  private let truth: EvaluationCounts.MeasuredTruth
  private let counts: EvaluationCounts
  /// `nil` where nothing is solved exactly.
  private let part: Problem?
  /// What all pairs come to on the part, by model.
  private var exact: [String: Exact] = [:]

  private struct Problem {
    let scene: Scene
    let energies: EnergyField
  }

  private struct Exact {
    let marginals: Marginals
    /// For each term, weighted means of the first marginals.
    let means: [[Float]]
  }

  /// - Throws: `InputError` where a file cannot be read, or they do not fit each other.
  init(_ image: TuningImage, _ comparison: Comparison) throws {
    let sample = try image.load(comparison.parallelism)
    name = image.name
    self.comparison = comparison
    whole = Problem(scene: sample.scene, energies: sample.energies)
    counts = try EvaluationCounts(
      labelCount: sample.energies.labelCount, ignoring: comparison.options.void, isRefined: false,
      widths: [comparison.options.trimapWidth])
    truth = counts.measured(sample.truth)
    part = try Self.part(of: whole, pixels: comparison.options.exactPixels)
  }

  /// The middle of a picture, in its proportions.
  private static func part(of whole: Problem, pixels: Int) throws -> Problem? {
    let grid = whole.scene.grid
    guard pixels > 0 else { return nil }
    guard grid.rank == 2, grid.count > pixels else { return whole }
    let share = (Double(pixels) / Double(grid.count)).squareRoot()
    func middle(_ extent: Int) -> Range<Int> {
      let length = max(1, Int(Double(extent) * share))
      let first = (extent - length) / 2
      return first..<first + length
    }
    let region = GridRegion(rows: middle(grid.height), columns: middle(grid.width))
    let all = GridRegion(allOf: grid)
    let image = try whole.scene.image.map { image in
      let pixels: Image.Pixels =
        switch image.pixels {
        case .bytes(let values): .bytes(all.cut(region, from: values, channels: image.channels))
        case .floats(let values): .floats(all.cut(region, from: values, channels: image.channels))
        }
      return try Image(grid: region.grid, channels: image.channels, pixels: pixels)
    }
    let values = whole.energies.values
    let rows = all.cut(region, from: values.rows(), channels: values.channels)
    let energies = try EnergyField(
      grid: region.grid,
      values: ChannelField(
        points: region.grid.count, channels: values.channels, rows: rows))
    return Problem(scene: Scene(grid: region.grid, image: image), energies: energies)
  }

  /// Measures one model with one filter.
  ///
  /// - Throws: `InputError` where labels and truth do not fit; a filter that cannot be made is
  ///   noted instead.
  func entry(
    _ model: Comparison.Model, _ filter: Description<FilterKind>
  ) throws -> Comparison.Entry {
    do {
      let backend = try filter.kind.make(filter.settings)
      let timed = try time(model.model, backend)
      let found = try part.map { try self.errors(model, backend, on: $0) }
      var counts = counts
      try counts.addBefore(timed.labels, truth: truth)
      guard let band = counts.bandsBefore?.bands.first else {
        preconditionFailure("nothing was counted near boundaries")
      }
      return Comparison.Entry(
        image: name, model: model.name, filter: "\(filter)", build: timed.build,
        update: timed.update, memory: timed.memory, filterError: found?.filter,
        marginalError: found?.marginal, equalLabels: found?.equal, whole: counts.before.counts,
        band: band.confusion.counts, failure: nil)
    } catch let error as PairwiseTermError {
      return Comparison.Entry(
        image: name, model: model.name, filter: "\(filter)", build: 0, update: 0, memory: nil,
        filterError: nil, marginalError: nil, equalLabels: nil, whole: [], band: [],
        failure: "\(error)")
    }
  }

  private func crf(
    _ model: CRFModel, _ backend: any FilterBackend, _ problem: Problem
  ) throws -> DenseCRF {
    try DenseCRF(
      scene: problem.scene, unary: problem.energies,
      terms: model.pairwiseTerms(on: problem.scene.grid, context: comparison.context),
      backend: backend, parallelism: comparison.parallelism)
  }

  /// Medians over the runs.
  private func time(
    _ model: CRFModel, _ backend: any FilterBackend
  ) throws -> (build: Double, update: Double, memory: Int?, labels: LabelMap) {
    var builds: [Double] = []
    var updates: [Double] = []
    var memory: Int?
    var labels: LabelMap?
    for _ in 0..<comparison.options.runs {
      let start = ContinuousClock.now
      let crf = try crf(model, backend, whole)
      let built = ContinuousClock.now
      let marginals = crf.infer(model.inference)
      let end = ContinuousClock.now
      if let failure = crf.failure { throw failure }
      builds.append((built - start) / .seconds(1))
      updates.append((end - built) / .seconds(1) / Double(max(1, model.iterations)))
      memory = crf.footprint.map { $0.energies + $0.corners + $0.rows }
      labels = marginals.labels
    }
    guard let labels else { preconditionFailure("no runs") }
    return (Self.median(builds), Self.median(updates), memory, labels)
  }

  private static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  private func errors(
    _ model: Comparison.Model, _ backend: any FilterBackend, on part: Problem
  ) throws -> (filter: Double, marginal: Double, equal: Double) {
    let truth = try exact[model.name] ?? solve(model.model, ExactBackend(), part)
    exact[model.name] = truth
    let found = try solve(model.model, backend, part)
    let means = zip(found.means, truth.means).map { Self.meanDifference($0, $1) }
    return (
      means.reduce(0, +) / Double(max(1, means.count)),
      Self.meanDifference(found.marginals.values.rows(), truth.marginals.values.rows()),
      1 - Double(found.marginals.labels.count(unlike: truth.marginals.labels))
        / Double(part.scene.grid.count)
    )
  }

  private func solve(
    _ model: CRFModel, _ backend: any FilterBackend, _ part: Problem
  ) throws -> Exact {
    let crf = try crf(model, backend, part)
    let marginals = crf.infer(model.inference)
    if let failure = crf.failure { throw failure }
    let first = part.energies.probabilities(parallelism: comparison.parallelism)
    let ones = ChannelField(
      points: first.points, channels: 1, rows: [Float](repeating: 1, count: first.points))
    let means = try model.pairwiseTerms(on: part.scene.grid, context: comparison.context).map {
      term in
      let filter = try backend.makeFilter(
        for: term.kernel.features(for: part.scene, parallelism: comparison.parallelism),
        parallelism: comparison.parallelism)
      let (sums, masses) = (filter.apply(to: first).rows(), filter.apply(to: ones).rows())
      return sums.indices.map { sums[$0] / max(masses[$0 / first.channels], 1e-20) }
    }
    return Exact(marginals: marginals, means: means)
  }

  private static func meanDifference(_ first: [Float], _ second: [Float]) -> Double {
    zip(first, second).reduce(0) { $0 + Double(abs($1.0 - $1.1)) } / Double(max(1, first.count))
  }
}
