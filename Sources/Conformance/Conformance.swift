import Lattice
import LatticeSupport
import MeanField
import Unaries

/// Checks of what the protocols promise, for kernels, filters and all other pieces of one's own.
///
/// Each check gives a report: the promises that it has looked at, and what was found of those that
/// are broken. `crf-lab check` and the package's own tests run the same checks over everything that
/// is registered.
public enum Conformance {
  /// A promise that is not kept.
  public struct Violation: Sendable, Hashable, CustomStringConvertible {
    /// What was promised.
    public let promise: String
    /// What was found instead.
    public let found: String

    /// `promise: found`.
    public var description: String { "\(promise): \(found)" }
  }

  /// The threads that every piece is tried with; what comes out must be the same bit for bit.
  static let threads = [2, 5]
}

extension Conformance {
  /// Whether `kernel` keeps what `PairwiseKernel` promises over a scene that it accepts.
  ///
  /// - Throws: what the kernel throws.
  public static func check(
    _ kernel: any PairwiseKernel, over scene: Scene
  ) throws -> Report {
    var report = Report()
    report.expect(!kernel.name.isEmpty, "a kernel has a name")
    let features = try kernel.features(for: scene, parallelism: .serial)
    report.expect(
      features.points == scene.grid.count, "there are features of every point",
      "\(features.points) points for a grid of \(scene.grid.count)")
    let values = values(of: features)
    report.expect(
      values.allSatisfy(\.isFinite), "features are finite",
      "number \(values.firstIndex { !$0.isFinite } ?? 0) is not")
    for count in [1] + threads {
      let again = try kernel.features(for: scene, parallelism: Parallelism(threads: count))
      report.expectSame(values, Self.values(of: again), "features are the same every time")
    }
    if let grid = features.grid {
      report.expect(
        grid.extents == scene.grid.extents, "positions lie on the scene's grid",
        "\(grid.extents) instead of \(scene.grid.extents)")
      report.expect(
        grid.bandwidths.allSatisfy { $0 > 0 }, "bandwidths are above 0", "\(grid.bandwidths)")
    }
    if report.isKept {
      let crf = try DenseCRF(
        scene: scene, unary: energies(on: scene.grid, labelCount: 3),
        terms: [PairwiseTerm(kernel, weight: 1)])
      report.expectDistributions(
        crf.marginals(iterations: 3).values, "a CRF of the kernel has marginals that sum to 1")
    }
    return report
  }

  /// Whether `compatibility` keeps what `LabelCompatibility` promises for some numbers of labels.
  ///
  /// - Throws: what the compatibility throws.
  public static func check(
    _ compatibility: any LabelCompatibility, labelCounts: [Int]
  ) throws -> Report {
    var report = Report()
    for count in labelCounts {
      let factors = try compatibility.factors(labelCount: count)
      report.expect(
        try compatibility.factors(labelCount: count) == factors, "factors are the same every time")
      switch factors {
      case .uniform(let value):
        report.expect(value.isFinite, "factors are finite", "\(value)")
      case .perLabel(let values):
        report.expect(
          values.count == count, "there is a factor per label", "\(values.count) for \(count)")
        report.expect(values.allSatisfy(\.isFinite), "factors are finite")
      case .matrix(let values):
        report.expect(
          values.count == count * count, "there is a factor for each pair of labels",
          "\(values.count) for \(count) labels")
        report.expect(values.allSatisfy(\.isFinite), "factors are finite")
        guard values.count == count * count else { continue }
        let isSymmetric = (0..<count * count).allSatisfy {
          values[$0] == values[$0 % count * count + $0 / count]
        }
        report.expect(isSymmetric, "the matrix is symmetric")
      }
    }
    return report
  }

  /// Whether the unary that `make` gives keeps what `Unary` promises over a scene that it can
  /// score.
  ///
  /// - Parameter make: makes the unary, using as many threads as it is told.
  /// - Parameter scene: what is scored.
  /// - Throws: what the unary throws.
  public static func check(
    unary make: (Parallelism) throws -> any Unary, over scene: Scene
  ) throws -> Report {
    var report = Report()
    let unary = try make(.serial)
    let energies = try unary.energies(for: scene)
    report.expect(
      energies.grid == scene.grid, "energies lie on the scene's grid",
      "\(energies.grid) instead of \(scene.grid)")
    report.expect(
      energies.labelCount == unary.labelCount && unary.labelCount >= 1,
      "there are energies of every label",
      "\(energies.labelCount) instead of \(unary.labelCount)")
    let values = energies.values.rows()
    report.expect(values.allSatisfy(\.isFinite), "energies are finite")
    report.expectSame(
      values, try unary.energies(for: scene).values.rows(), "energies are the same every time")
    for count in threads {
      let other = try make(Parallelism(threads: count)).energies(for: scene)
      report.expectSame(values, other.values.rows(), "energies do not depend on threads")
    }
    return report
  }

  /// Whether `refinement` keeps what `Refinement` promises over a scene that it accepts.
  ///
  /// - Throws: what the refinement throws.
  public static func check(
    _ refinement: any Refinement, over scene: Scene, labelCount: Int = 4
  ) throws -> Report {
    var report = Report()
    report.expect(!refinement.name.isEmpty, "a refinement has a name")
    if case .steps(let steps) = refinement.reach {
      report.expect(steps >= 0, "a reach is not negative", "\(steps)")
    }
    let energies = energies(on: scene.grid, labelCount: labelCount)
    let copy = energies.values.rows()
    let refined = try refinement.refine(
      energies, over: scene, RefinementRequest(parallelism: .serial))
    let marginals = refined.marginals
    report.expect(
      marginals.grid == scene.grid && marginals.values.channels == labelCount,
      "marginals are of the scene's points and the energies' labels",
      "\(marginals.values.channels) labels on \(marginals.grid)")
    report.expectDistributions(marginals.values, "marginals are probabilities")
    report.expectSame(
      copy, energies.values.rows(), "energies that somebody else holds are left alone")
    for count in [1] + threads {
      let again = try refinement.refine(
        energies, over: scene, RefinementRequest(parallelism: Parallelism(threads: count)))
      report.expectSame(
        marginals.values.rows(), again.marginals.values.rows(),
        "marginals are the same every time, with any number of threads")
    }
    report.add(try checkLeftOut(of: refinement, over: scene, energies))
    return report
  }

  /// Whether a tile that overlaps by the reach of `refinement` has the marginals of the whole, in
  /// an image that is made for it; nothing is checked where it reaches everywhere.
  ///
  /// - Parameters:
  ///   - refinement: what accepts an image in red, green and blue.
  ///   - tolerance: by how much a marginal may differ.
  /// - Throws: what the refinement throws.
  public static func checkReach(
    of refinement: any Refinement, tolerance: Float
  ) throws -> Report {
    var report = Report()
    guard case .steps(let reach) = refinement.reach else { return report }
    let (height, core) = (12, 20)
    let whole = GridShape(width: 2 * (core + reach), height: height)
    let tile = GridShape(width: core + reach, height: height)
    var generator = SeededGenerator(seed: 4)
    let levels = (0..<whole.count).map { point -> UInt8 in
      UInt8((point % whole.width / 7 % 2 == 0 ? 60 : 150) + Int(generator.uniform() * 20))
    }
    let energies = energies(on: whole, labelCount: 3).values
    // Both begin in the same corner; the tile is what lies in its columns.
    func marginals(on grid: GridShape) throws -> ChannelField {
      let points = (0..<grid.count).map { $0 / grid.width * whole.width + $0 % grid.width }
      let image = try Image(
        grid: grid, channels: 3,
        pixels: .bytes(points.flatMap { [levels[$0], levels[$0], 255 - levels[$0]] }))
      let rows = points.flatMap { point in (0..<3).map { energies[point, $0] } }
      let field = try EnergyField(
        grid: grid, values: ChannelField(points: grid.count, channels: 3, rows: rows))
      return try refinement.refine(
        field, over: Scene(image), RefinementRequest(parallelism: .serial)
      ).marginals.values
    }
    let (all, part) = (try marginals(on: whole), try marginals(on: tile))
    var largest: Float = 0
    for row in 0..<height {
      for column in 0..<core {
        for label in 0..<3 {
          let difference = abs(
            all[row * whole.width + column, label] - part[row * tile.width + column, label])
          largest = difference <= largest ? largest : difference
        }
      }
    }
    report.expect(
      largest <= tolerance, "nothing beyond the reach matters",
      "marginals change by up to \(largest) with what lies \(reach) steps away")
    return report
  }

  /// Whether `filter` keeps what `LabelFilter` promises over a scene that it accepts.
  ///
  /// - Throws: what the filter throws.
  public static func check(
    _ filter: any LabelFilter, over scene: Scene, labelCount: Int = 4
  ) throws -> Report {
    var report = Report()
    report.expect(!filter.name.isEmpty, "a label filter has a name")
    let energies = energies(on: scene.grid, labelCount: labelCount)
    let marginals = Marginals(unchecked: energies.probabilities(), grid: scene.grid)
    let labels = marginals.labels
    let cleaned = try filter.filter(labels, marginals, over: scene, parallelism: .serial)
    report.expect(
      cleaned.grid == scene.grid, "labels lie on the scene's grid",
      "\(cleaned.grid) instead of \(scene.grid)")
    for count in [1] + threads {
      let again = try filter.filter(
        labels, marginals, over: scene, parallelism: Parallelism(threads: count))
      report.expect(
        again == cleaned, "labels are the same every time, with any number of threads",
        "they differ with \(count)")
    }
    let known = Set(0..<UInt16(labelCount)).union([Palette.voidLabel])
    let invented = Set(cleaned.labels).subtracting(known).min()
    report.expect(
      invented == nil, "labels are those that are scored, or void",
      "label \(invented ?? 0) of \(labelCount) labels")
    if filter.needsMarginals == nil {
      let alone = try filter.filter(labels, nil, over: scene, parallelism: .serial)
      report.expect(
        alone.grid == scene.grid, "labels alone are filtered too",
        "\(alone.grid) instead of \(scene.grid)")
    }
    report.add(try checkLeftOut(of: filter, over: scene, energies))
    return report
  }

  private static func values(of features: FeatureMatrix) -> [Float] {
    (0..<features.points).flatMap { point in
      (0..<features.dimensions).map { features[point, $0] }
    }
  }

  /// Energies of the same random numbers every time.
  private static func energies(on grid: GridShape, labelCount: Int) -> EnergyField {
    var generator = SeededGenerator(seed: 77)
    let planes = (0..<labelCount * grid.count).map { _ in 4 * generator.uniform() }
    do {
      return try EnergyField(grid: grid, labelCount: labelCount, planes: planes)
    } catch {
      preconditionFailure("finite energies were refused: \(error)")
    }
  }
}
