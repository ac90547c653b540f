import CKernels
import LatticeSupport
import Unaries

/// Means over a disc around each pixel, by distances and by colours of the image.
///
/// Petschnigg et al., "Digital photography with flash and no-flash image pairs", SIGGRAPH 2004;
/// Eisemann & Durand, the same year. Weights are exp(−(Σ |ΔI|)²/2σc² − ‖Δx‖²/2σs²), the colour
/// distance a sum over channels as in OpenCV; beyond the border the image is mirrored without its
/// edge. Every weight is evaluated: the bilateral kernel of a CRF is the same without an end, and
/// normalised otherwise.
public struct JointBilateral: ScoreFilter {
  /// σs, in pixels.
  public let sigmaSpatial: Double
  /// σc, in levels.
  public let sigmaColor: Double
  /// Of the disc, in pixels.
  public let radius: Int

  /// The largest radius: every pixel of the disc is looked at.
  public static let largestRadius = 256

  /// The radius that a σs needs, as OpenCV has it: beyond, a Gaussian is below a third of its peak.
  /// At most `largestRadius`.
  public static func usualRadius(sigmaSpatial: Double) -> Int {
    max(1, Int(min(Double(largestRadius), 1.5 * sigmaSpatial).rounded(.toNearestOrEven)))
  }

  /// - Parameters:
  ///   - sigmaSpatial: above 0, in pixels.
  ///   - sigmaColor: above 0, in levels of the image.
  ///   - radius: of the disc, at least 1; `nil` for `usualRadius`.
  public init(sigmaSpatial: Double, sigmaColor: Double, radius: Int? = nil) {
    precondition(
      sigmaSpatial > 0 && sigmaSpatial.isFinite && sigmaColor > 0 && sigmaColor.isFinite
        && (radius ?? 1) >= 1, "σ = \(sigmaSpatial) and \(sigmaColor)")
    self.sigmaSpatial = sigmaSpatial
    self.sigmaColor = sigmaColor
    self.radius = radius ?? Self.usualRadius(sigmaSpatial: sigmaSpatial)
  }

  /// What descriptions call it.
  public var name: String {
    "joint-bilateral:spatial=\(sigmaSpatial.shortText),color=\(sigmaColor.shortText),"
      + "radius=\(radius)"
  }
  /// How far it reaches.
  public var reach: Reach { .steps(radius) }
  /// It follows the image.
  public var needsImage: String? { Guide.need }
  /// The means are over the neighbours that count.
  public var leavesPointsOut: Bool { true }
  /// Its weights are averages.
  public var keepsDistributions: Bool { true }

  /// The means; see `ScoreFilter`.
  ///
  /// - Throws: `InputError` where there is no image, or not one of two axes.
  /// - Complexity: O(N·radius²·(C + L)).
  public func filter(
    _ scores: consuming ChannelField, over scene: Scene, parallelism: Parallelism
  ) throws -> ChannelField {
    let guide = try Guide(scene, for: "a joint bilateral filter")
    let square = (-radius...radius).flatMap { dy in (-radius...radius).map { (dy: dy, dx: $0) } }
    let offsets = square.filter { $0.dy * $0.dy + $0.dx * $0.dx <= radius * radius }
    let filter = try NeighbourFilter(
      guide, offsets: offsets, border: .mirror, filter: "joint-bilateral")
    let spatial = offsets.map { offset in
      let distance = Double(offset.dy * offset.dy + offset.dx * offset.dx)
      return Float(exponential(-distance / (2 * sigmaSpatial * sigmaSpatial)))
    }
    let slope = Float(-1 / (2 * sigmaColor * sigmaColor))
    return filter.apply(to: scores, rounds: 1, parallelism: parallelism) { neighbours, weights in
      let scratch = AlignedBuffer<Float>(
        uninitialized: neighbours.taps * Int(CK_NEIGHBOUR_BLOCK))
      ck_bilateral_weights(neighbours, slope, spatial, filter.width, weights, scratch.base)
    }
  }
}

extension RefinementKind {
  /// Means over discs, by distances and colours.
  public static let jointBilateral = RefinementKind(
    name: "joint-bilateral", summary: "means over discs, by distances and by colours of the image",
    settings: [
      Setting("spatial", .number(.above(0)), "σ of positions, in pixels", default: .number(3)),
      Setting("color", .number(.above(0)), "σ of colours, of 0 to 255", default: .number(30)),
      Setting(
        "radius", .count(1...JointBilateral.largestRadius),
        "of the disc, in pixels; 1.5 times 'spatial' unless given",
        default: nil),
    ], example: "joint-bilateral:spatial=3,color=30"
  ) { settings, _ in
    let sigma = settings.number("spatial") ?? 3
    let radius = settings.count("radius")
    guard radius != nil || 1.5 * sigma < Double(JointBilateral.largestRadius) + 0.5 else {
      throw InputError(
        .usage,
        "'spatial' is \(sigma.shortText), whose disc of 1.5 times that is larger than "
          + "\(JointBilateral.largestRadius) pixels",
        remedy: "give a smaller one, or the radius; for large ones take bilateral-solver or a CRF")
    }
    return JointBilateral(
      sigmaSpatial: sigma, sigmaColor: settings.number("color") ?? 30, radius: radius)
  }
}
