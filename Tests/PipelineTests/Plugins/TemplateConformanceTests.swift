import Conformance
import Foundation
import Lattice
import LatticePluginHeader
import LatticeSupport
import MeanField
import Pipeline
import TestSupport
import Testing
import Unaries

/// The template in C keeps what the protocols promise. Its kinds are not registered, for all other
/// tests run in the same process.
@Suite(.enabled(if: CompiledPlugin.compiler != nil))
struct TemplateConformanceTests {
  private let kinds: [LoadedKind]

  init() throws {
    let path = try CompiledPlugin.example.get()
    let library = try #require(dlopen(path, RTLD_NOW | RTLD_LOCAL))
    let symbol = try #require(dlsym(library, "latticecrf_plugin"))
    typealias Entry = @convention(c) () -> UnsafePointer<latticecrf_plugin_table>?
    kinds = try PluginTable(unsafeBitCast(symbol, to: Entry.self)()).kinds
  }

  private func backend(_ name: String) throws -> any FilterBackend {
    for case .filter(let kind) in kinds where kind.name == name {
      return try kind.make(Settings(kind.settings))
    }
    throw InputError(.usage, "no \(name)")
  }

  @Test("kernel, compatibility, unary, refinement and label filter")
  func conformance() throws {
    for kind in kinds {
      switch kind {
      case .kernel(let kind):
        let settings = Settings(kind.settings, ["spatial": .bandwidths(5)])
        expectNone(
          try Conformance.check(
            kind.make(settings, Painted.grid, .none), over: Painted.scene), kind.name)
        #expect(kind.reach(settings) == .steps(15))
      case .compatibility(let kind):
        let settings = Settings(kind.settings, ["weight": .number(2)])
        expectNone(
          try Conformance.check(kind.make(settings, .none), labelCounts: [1, 2, 7]), kind.name)
      case .unary(let kind):
        let unary = try kind.make(Settings(kind.settings), .none)
        expectNone(try Conformance.check(unary: { _ in unary }, over: Painted.scene), kind.name)
      case .refinement(let kind):
        let refinement = try kind.make(Settings(kind.settings), .none)
        expectNone(try Conformance.check(refinement, over: Painted.scene), kind.name)
        expectNone(try Conformance.checkReach(of: refinement, tolerance: 0), kind.name)
      case .labelFilter(let kind):
        let filter = try kind.make(Settings(kind.settings), .none)
        expectNone(try Conformance.check(filter, over: Painted.scene), kind.name)
      case .filter: continue
      }
    }
    #expect(kinds.count == 7)
  }

  /// Numbers of which some are alike, and some far from all others.
  private static func features(_ count: Int, dimensions: Int) throws -> FeatureMatrix {
    var generator = SeededGenerator(seed: 8)
    return try FeatureMatrix(
      points: count, dimensions: dimensions,
      rows: (0..<count * dimensions).map { _ in 4 * generator.uniform() })
  }

  @Test("a filter that sums by itself")
  func pairs() throws {
    // Sums in float32 of 60 products.
    expectNone(
      try Conformance.check(
        backend("pairs"), on: Self.features(60, dimensions: 3), accuracy: 1e-5), "pairs")
  }

  @Test("a factored filter, in one run of points and in several", arguments: [50, 2100])
  func bins(count: Int) throws {
    let features = try Self.features(count, dimensions: 1)
    // Bins of a quarter of a bandwidth: interpolation widens the Gaussian by 1/192 of its variance.
    expectNone(
      try Conformance.check(backend("bins"), on: features, accuracy: 0.02), "bins")
    let filter = try #require(
      try backend("bins").makeFilter(for: features, parallelism: .serial).factored)
    FactoredFilterConformance().check(filter, "bins")
  }

  @Test("a plug-in's filter is swept together with the lattice, to the same marginals as staged")
  func fused() throws {
    let backend = try backend("bins")
    let grid = GridShape(width: 40, height: 1)
    let energies = try EnergyField(
      grid: grid, labelCount: 3, planes: (0..<120).map { Float($0 * 7 % 11) / 4 })
    let rows = try Self.features(40, dimensions: 1).withUnsafeBufferPointer { Array($0) }
    let kernel = try FeatureKernel(rows: rows, dimensions: 1)
    let crf = try DenseCRF(
      scene: Scene(grid: grid), unary: energies, terms: [PairwiseTerm(kernel, weight: 2)],
      backend: backend)
    #expect(FusedEngine(crf) != nil, "the engine for factored filters takes it")
    let found = crf.marginals(iterations: 5).values.rows()
    let exact = try DenseCRF(
      scene: Scene(grid: grid), unary: energies, terms: [PairwiseTerm(kernel, weight: 2)],
      backend: .exact(threshold: 0)
    ).marginals(iterations: 5).values.rows()
    // As near as the bins are to the Gaussian.
    #expect(zip(found, exact).allSatisfy { abs($0 - $1) < 0.02 })
    #expect(crf.failure == nil)
  }
}
