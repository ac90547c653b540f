import CKernels
import Support

/// Every pair of points, O(N²): the truth that other backends are measured against.
///
/// The kernel is evaluated in blocks of pairs and never stored whole. Positions on a grid are
/// filtered axis by axis instead, which gives the same sums.
public struct ExactBackend: FilterBackend {
  /// Bytes that the blocks of all threads may take together.
  public let memoryBudget: Int

  /// - Parameter memoryBudget: bytes for kernel blocks, at least 1 MiB; 64 MiB unless told.
  public init(memoryBudget: Int = 64 << 20) {
    precondition(memoryBudget >= 1 << 20, "a budget of \(memoryBudget) bytes is below 1 MiB")
    self.memoryBudget = memoryBudget
  }

  /// `exact`.
  public var name: String { "exact" }

  /// Prepares the Gaussian of `features`; never fails.
  public func makeFilter(
    for features: FeatureMatrix, parallelism: Parallelism
  ) throws -> any GaussianFilter {
    if let grid = features.grid {
      return SeparableGaussian(grid, parallelism: parallelism)
    }
    return ExactGaussian(features, memoryBudget: memoryBudget, parallelism: parallelism)
  }
}

extension FilterBackend where Self == ExactBackend {
  /// All pairs, with 64 MiB for kernel blocks.
  public static var exact: Self { Self() }
}

/// The sum over all pairs of points, evaluated in blocks.
struct ExactGaussian: GaussianFilter {
  let points: Int

  private let dimensions: Int
  /// N × d.
  private let features: AlignedBuffer<Float>
  /// d × N, for loops over points.
  private let columns: AlignedBuffer<Float>
  private static let blockRows = 256
  private static let blockColumns = 512
  private let parallelism: Parallelism

  init(_ features: FeatureMatrix, memoryBudget: Int, parallelism: Parallelism) {
    points = features.points
    dimensions = features.dimensions
    self.features = features.storage
    columns = AlignedBuffer(uninitialized: points * dimensions)
    for dimension in 0..<dimensions {
      for point in 0..<points {
        columns.base[dimension * points + point] =
          features.storage.base[point * dimensions + dimension]
      }
    }
    // A block stays in a core's L2 cache. Its size does not depend on the number of threads, nor then
    // does the order of sums; where the budget is small, fewer threads work instead.
    let blockBytes = Self.blockRows * Self.blockColumns * MemoryLayout<Float>.stride
    self.parallelism = Parallelism(
      threads: max(1, min(parallelism.threads, memoryBudget / blockBytes)))
  }

  /// - Complexity: O(N²·(d + C)).
  func apply(to values: ChannelField, into output: inout ChannelField) {
    checkShapes(values, output)
    let stride = values.stride
    let target = output.mutableBase()
    BLAS.heldToOneThread {
      parallelism.forEachChunk(of: points, grain: Self.blockRows) { rows in
        let block = AlignedBuffer<Float>(uninitialized: rows.count * Self.blockColumns)
        for first in Swift.stride(from: 0, to: points, by: Self.blockColumns) {
          let count = min(Self.blockColumns, points - first)
          ck_gaussian_block(
            features.base + rows.lowerBound * dimensions, rows.count, columns.base + first, count,
            points, Int32(dimensions), block.base)
          BLAS.multiply(
            rows: rows.count, columns: stride, inner: count, left: block.base, leftStride: count,
            right: values.base + first * stride, rightStride: stride,
            output: target + rows.lowerBound * stride, outputStride: stride,
            keeping: first == 0 ? 0 : 1)
        }
      }
    }
  }
}
