import Lattice
import LatticeSupport
import Unaries

/// Neighbours of colours that look alike ought to share a label: a bilateral kernel in CIELAB.
///
/// RGB values are taken for sRGB (IEC 61966-2-1) of 0…255 under D65 and converted as CIE 15:2004
/// has it; distances are then about those that people see. Shadows change L* most: leaving it out,
/// or dividing it by more, lets labels run across them.
public struct LabKernel: PairwiseKernel {
  /// σα in grid steps; one value, or one per axis, x first.
  public let spatialSigma: Bandwidths
  /// σ of a* and b*, in units of ΔE.
  public let colorSigma: Float
  /// What L* is multiplied with before it is compared; 1 for CIE 1976's ΔE, 0 leaves it out.
  public let lightness: Float
  /// Whether hues alone are compared: a* and b* divided by chroma, times 100.
  public let comparesHues: Bool

  /// - Parameters:
  ///   - spatialSigma: above 0, in grid steps.
  ///   - colorSigma: above 0, in units of ΔE.
  ///   - lightness: at least 0.
  ///   - comparesHues: whether the chroma is left out.
  public init(
    spatialSigma: Bandwidths, colorSigma: Float, lightness: Float = 1, comparesHues: Bool = false
  ) {
    precondition(colorSigma > 0 && lightness >= 0, "σ = \(colorSigma), lightness \(lightness)")
    self.spatialSigma = spatialSigma
    self.colorSigma = colorSigma
    self.lightness = lightness
    self.comparesHues = comparesHues
  }

  /// `lab:spatial=…,color=…`.
  public var name: String { "lab:spatial=\(spatialSigma),color=\(colorSigma)" }

  /// N × (rank + 3) positions and colours, or rank + 2 without lightness, divided by bandwidths.
  ///
  /// - Throws: `InputError` where the scene has no image of three channels.
  public func features(for scene: Scene, parallelism: Parallelism) throws -> FeatureMatrix {
    guard let image = scene.image, image.channels == 3 else {
      throw InputError(
        .usage, "a lab kernel compares colours, but there is no image in red, green and blue",
        remedy: "give an image of three channels")
    }
    let positions = try PositionFeatures(scene: scene, sigma: spatialSigma, order: .xFirst)
    let hasLightness = lightness > 0
    return positions.matrix(
      extra: hasLightness ? 3 : 2, grid: nil, parallelism: parallelism
    ) { point, row in
      let (l, a, b) = Self.lab(image[point, 0], image[point, 1], image[point, 2])
      // One more than the chroma, so that grays have no hue and nothing is divided by 0.
      let chroma = comparesHues ? ((a * a + b * b).squareRoot() + 1) / 100 : 1
      row[0] = a / chroma / colorSigma
      row[1] = b / chroma / colorSigma
      if hasLightness { row[2] = lightness * l / colorSigma }
    }
  }

  /// L*, a* and b* of sRGB values of 0…255.
  static func lab(_ red: Float, _ green: Float, _ blue: Float) -> (l: Float, a: Float, b: Float) {
    let (r, g, b) = (linear(red), linear(green), linear(blue))
    let x = compressed((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047)
    let y = compressed(0.2126729 * r + 0.7151522 * g + 0.0721750 * b)
    let z = compressed((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883)
    return (Float(116 * y - 16), Float(500 * (x - y)), Float(200 * (y - z)))
  }

  /// Light in 0…1 of a value in 0…255; what lies outside is clipped.
  private static func linear(_ value: Float) -> Double {
    let level = Double(min(max(value, 0), 255)) / 255
    return level <= 0.04045 ? level / 12.92 : power((level + 0.055) / 1.055, 2.4)
  }

  /// CIE's f: a cube root with a straight line near 0.
  private static func compressed(_ value: Double) -> Double {
    let threshold = 216.0 / 24389
    return value > threshold ? power(value, 1.0 / 3) : (24389.0 / 27 * value + 16) / 116
  }

  private static func power(_ base: Double, _ exponent: Double) -> Double {
    exponential(exponent * logarithm(base))
  }
}

extension KernelKind {
  /// Neighbours of colours that look alike ought to share a label.
  public static let lab = KernelKind(
    name: "lab", summary: "positions and colours as people see them, in CIELAB",
    settings: [
      .spatial,
      Setting("color", .number(.above(0)), "σ of colours in units of ΔE; 1 can just be seen"),
      Setting(
        "lightness", .number(.atLeast(0)), "what L* is multiplied with; 0 leaves it out",
        default: .number(1)),
      Setting("hue", .flag, "whether hues alone are compared", default: .flag(false)),
    ], example: "lab:weight=4,spatial=67,color=5", needsImage: true
  ) { settings, _, _ in
    LabKernel(
      spatialSigma: settings.required("spatial"), colorSigma: Float(settings.number("color") ?? 1),
      lightness: Float(settings.number("lightness") ?? 1), comparesHues: settings.flag("hue"))
  }
}
