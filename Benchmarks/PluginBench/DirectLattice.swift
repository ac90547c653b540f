import Lattice
import LatticePluginHeader
import LatticeSupport
import PluginLattice

/// The lattice of Benchmarks/PluginLattice without a plug-in in between: built in.
struct DirectBackend: FilterBackend {
  var name: String { "direct" }

  func makeFilter(
    for features: FeatureMatrix, parallelism: Parallelism
  ) throws -> any GaussianFilter {
    DirectLattice(features, parallelism: parallelism)
  }
}

/// Its memory, freed with the last filter that uses it.
private final class Memory: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer?
  init(_ pointer: UnsafeMutableRawPointer?) { self.pointer = pointer }
  deinit { lattice_release(pointer) }
}

struct DirectLattice: FactoredFilter {
  private(set) var splatMatrix: SplatMatrix
  let points: Int
  let rowCount: Int
  let gain: Float
  private let scratch: Int
  private let memory: Memory
  private let parallelism: Parallelism

  init(_ features: FeatureMatrix, parallelism: Parallelism) {
    var filter: UnsafeMutableRawPointer?
    let runs = SplatMatrix.segmentRanges(of: features.points)
    let ends = [0] + runs.map { Int64($0.upperBound) }
    ends.withUnsafeBufferPointer { ends in
      features.withUnsafeBufferPointer { values in
        var given = latticecrf_plugin_features()
        given.points = Int64(features.points)
        given.features = values.baseAddress
        given.runs = ends.baseAddress
        given.run_count = Int64(runs.count)
        given.dimensions = Int32(features.dimensions)
        precondition(lattice_prepare(nil, &given, &filter, nil) == 0)
      }
    }
    memory = Memory(filter)
    var factors = latticecrf_plugin_factors()
    precondition(lattice_factors(filter, &factors, nil) == 0)
    let segments = runs.enumerated().map { index, points in
      SplatMatrix.Segment(
        points: points, rows: Int(factors.first_rows[index])..<Int(factors.first_rows[index + 1]),
        visits: SplatMatrix.visits(of: points, lineLength: features.lineLength))
    }
    let corners = Int(factors.corners)
    var (vertices, weights): ([UInt32], [Float]) = ([], [])
    for visit in segments.flatMap(\.visits) {
      let (first, count) = (visit.lowerBound * corners, visit.count * corners)
      vertices += UnsafeBufferPointer(start: factors.vertices + first, count: count)
      weights += UnsafeBufferPointer(start: factors.weights + first, count: count)
    }
    splatMatrix = SplatMatrix(
      corners: corners, segments: segments, vertices: vertices, weights: weights)
    points = features.points
    rowCount = Int(factors.rows)
    gain = factors.gain
    scratch = Int(factors.scratch)
    self.parallelism = parallelism
  }

  func apply(to values: ChannelField, into output: inout ChannelField) {
    apply(to: values, into: &output, parallelism: parallelism)
  }

  func blurScratch(stride: Int) -> Int { scratch * min(16, stride) }

  func blur(_ rows: RowPanels, scratch: UnsafeMutableBufferPointer<Float>) {
    rows.forEach { panel in
      _ = lattice_blur(
        memory.pointer, panel.base, Int64(rowCount), Int32(panel.width), scratch.baseAddress, nil)
    }
  }

  mutating func scale(
    by scales: UnsafeBufferPointer<Float>, parallelism: Parallelism
  ) -> Bool {
    splatMatrix.scale(by: scales, parallelism: parallelism)
    return true
  }
}
