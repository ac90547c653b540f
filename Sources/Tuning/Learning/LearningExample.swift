import Evaluation
import Formats
import Lattice
import LatticeSupport
import MeanField
import Pipeline
import Unaries

/// One image that numbers are learned from, or measured on: what a CRF's terms compare at its
/// points, the energies and the true labels.
struct LearningExample<Field: LearningField> {
  /// One for each term.
  let terms: [TermFeatures]
  /// N × L.
  let energies: Field
  /// N labels; those that do not count are `uncounted`.
  let truth: [UInt16]
  /// Points of the image along the longest side of a point here; 1 where the image is whole.
  let step: Double

  /// What one term compares.
  struct TermFeatures: Sendable {
    /// With all bandwidths 1.
    let features: LearnedFeatures
    /// The candidate that divides each feature.
    let owners: [Int?]
    /// Candidates that are no bandwidths.
    let others: Set<Int>

    /// The same, divided by bandwidths.
    ///
    /// - Parameter bandwidths: of each candidate.
    func divided(by bandwidths: [Double]) throws -> LearnedFeatures {
      try features.with(bandwidths: owners.map { $0.map { bandwidths[$0] } ?? 1 })
    }

    /// The largest difference of two values that a candidate divides; `nil` where it divides none.
    func span(of candidate: Int) -> Double? {
      let d = features.dimensions
      return owners.indices.filter { owners[$0] == candidate }.map { feature in
        let values = stride(from: feature, to: features.raw.count, by: d).map { features.raw[$0] }
        return (values.max() ?? 0) - (values.min() ?? 0)
      }.max()
    }
  }

  /// No label of any CRF.
  private static var uncounted: UInt16 { .max }

  /// Reads an image.
  ///
  /// - Parameters:
  ///   - image: the image.
  ///   - plan: the steps before the CRF.
  ///   - model: the CRF.
  ///   - points: the most points; images of more become smaller. `nil` for any number.
  ///   - void: the label of the truth whose points do not count.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where a file cannot be read, or they do not fit each other.
  init(
    _ image: TuningImage, after plan: Plan, model: CRFModel, points: Int?, ignoring void: UInt16,
    parallelism: Parallelism
  ) throws {
    let sample = try image.load(parallelism)
    do {
      var counts = ConfusionMatrix(labelCount: sample.energies.labelCount)
      try counts.add(
        prediction: sample.energies.labels(parallelism: parallelism), truth: sample.truth,
        ignoring: void)
    } catch let error as InputError {
      throw error.at(image.truth)
    }
    func file(_ path: String) -> String { ArrayFile.path(image.name, of: path) }
    do {
      let scene = sample.scene
      let blocks = try PointBlocks(of: scene.grid, most: points)
      terms = try model.replacingFiles(file).terms.map { term in
        try Self.features(of: term.kernel, over: scene, blocks, parallelism)
      }
      let energies = try Self.energies(sample, after: plan.replacingFiles(file), parallelism)
      self.energies = Self.field(energies, blocks)
      truth = blocks.middles().map { point in
        let label = sample.truth.labels[point]
        return label == void ? Self.uncounted : label
      }
      step = blocks.step
    } catch let error as InputError {
      throw error.at(image.place)
    }
  }

  private static func features(
    of kernel: Description<KernelKind>, over scene: Scene, _ blocks: PointBlocks,
    _ parallelism: Parallelism
  ) throws -> TermFeatures {
    let found = try KernelBandwidths(
      KernelBandwidths.candidates(of: kernel), of: kernel, over: scene, parallelism: parallelism)
    let d = found.raw.dimensions
    let rows = found.raw.withUnsafeBufferPointer { raw in
      blocks.areSingle
        ? raw.map { Double($0) }
        : blocks.means(channels: d) { Double(raw[$0 * d + $1]) }
    }
    let features =
      if blocks.areSingle, found.raw.grid != nil,
        let positions = try? LearnedFeatures.positions(on: scene.grid, bandwidths: [1]),
        positions.raw == rows
      {
        // Filters know shorter ways for positions on a grid.
        positions
      } else {
        try LearnedFeatures(rows: rows, dimensions: d, extents: blocks.grid.extents)
      }
    return TermFeatures(features: features, owners: found.owners, others: found.others)
  }

  private static func energies(
    _ sample: TuningImage.Sample, after plan: Plan, _ parallelism: Parallelism
  ) throws -> EnergyField {
    guard !plan.steps.isEmpty else { return sample.energies }
    let result = try PreparedPlan(plan, context: .files)
      .run(sample.energies, over: sample.scene, RefinementRequest(parallelism: parallelism))
    return EnergyField(of: result.marginals, parallelism: parallelism)
  }

  private static func field(_ energies: EnergyField, _ blocks: PointBlocks) -> Field {
    let labels = energies.labelCount
    var field = Field(points: blocks.grid.count, channels: labels)
    let (base, stride) = (energies.values.base, energies.values.stride)
    func set(_ value: (_ point: Int, _ label: Int) -> Double) {
      for point in 0..<field.points {
        for label in 0..<labels { field[point, label] = Field.Scalar(value(point, label)) }
      }
    }
    if blocks.areSingle {
      set { Double(base[$0 * stride + $1]) }
    } else {
      let means = blocks.means(channels: labels) { Double(base[$0 * stride + $1]) }
      set { means[$0 * labels + $1] }
    }
    return field
  }

  /// Whether a point counts.
  var hasTruth: Bool { truth.contains { Int($0) < energies.channels } }
}
