import Lattice
import LatticeSupport
import Unaries

/// Neighbours of like colour ought to share a label:
/// exp(−‖pᵢ − pⱼ‖²/2σα² − ‖Iᵢ − Iⱼ‖²/2σβ²), DeepLab's first kernel (eq. 3).
///
/// Any number of axes and channels: gray, RGB, multispectral, volumes.
public struct BilateralKernel: PairwiseKernel {
  /// σα in grid steps; one value, or one an axis in the order of `axisOrder`.
  public let spatialSigma: Bandwidths
  /// σβ in the units of the image's values (0…255 for photographs); one value, or one a channel.
  public let colorSigma: Bandwidths
  /// The order of positions among features.
  public let axisOrder: AxisOrder

  /// A Gaussian of positions and colours.
  public init(
    spatialSigma: Bandwidths, colorSigma: Bandwidths, axisOrder: AxisOrder = .xFirst
  ) {
    self.spatialSigma = spatialSigma
    self.colorSigma = colorSigma
    self.axisOrder = axisOrder
  }

  /// `bilateral:spatial=…,color=…`.
  public var name: String { "bilateral:spatial=\(spatialSigma),color=\(colorSigma)" }

  /// N × (rank + channels) positions and colours, divided by their bandwidths.
  ///
  /// - Throws: `InputError` where the scene has no image.
  public func features(for scene: Scene, parallelism: Parallelism) throws -> FeatureMatrix {
    guard let image = scene.image else {
      throw InputError(
        .usage, "a bilateral kernel compares the colours of pixels, but there is no image",
        remedy: "give an image, or use kernels of positions only")
    }
    let positions = try PositionFeatures(scene: scene, sigma: spatialSigma, order: axisOrder)
    let sigmas = try colorSigma.expanded(to: image.channels, of: "channels")
    let channels = image.channels
    switch image.pixels {
    case .bytes(let values):
      return values.withUnsafeBufferPointer { values in
        positions.matrix(extra: channels, grid: nil, parallelism: parallelism) { point, row in
          for channel in 0..<channels {
            row[channel] = Float(values[point * channels + channel]) / sigmas[channel]
          }
        }
      }
    case .floats(let values):
      return values.withUnsafeBufferPointer { values in
        positions.matrix(extra: channels, grid: nil, parallelism: parallelism) { point, row in
          for channel in 0..<channels {
            row[channel] = values[point * channels + channel] / sigmas[channel]
          }
        }
      }
    }
  }
}

extension KernelKind {
  /// Neighbours of like colour ought to share a label.
  public static let bilateral = KernelKind(
    name: "bilateral", summary: "positions and colours", settings: [.spatial, .color],
    example: "bilateral:weight=4,spatial=67,color=3", needsImage: true
  ) { settings, _, _ in
    BilateralKernel(
      spatialSigma: settings.required("spatial"), colorSigma: settings.required("color"))
  }
}
