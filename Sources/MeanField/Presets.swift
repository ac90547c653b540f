import LatticeSupport

/// Kernels, normalisation and iterations under a name: settings that publications and programs use.
public struct Preset: Sendable {
  /// The name that options use.
  public let name: String
  /// Where the values come from.
  public let source: String
  /// w₂ and σγ of the spatial kernel.
  public let spatial: (weight: Float, sigma: Bandwidths)
  /// w₁, σα and σβ of the bilateral kernel.
  public let bilateral: (weight: Float, spatialSigma: Bandwidths, colorSigma: Bandwidths)
  /// Updates.
  public let iterations: Int
  /// The normalisation of both kernels.
  public let normalization: Normalization

  /// A preset of one's own; `all` has the published ones.
  ///
  /// - Parameters:
  ///   - name: what it is called.
  ///   - source: where its values come from.
  ///   - spatial: w₂ and σγ of the Gaussian kernel.
  ///   - bilateral: w₁, σα and σβ of the bilateral kernel.
  ///   - iterations: mean field updates; at least 0.
  ///   - normalization: how the sums of both kernels are normalised.
  public init(
    name: String, source: String, spatial: (weight: Float, sigma: Bandwidths),
    bilateral: (weight: Float, spatialSigma: Bandwidths, colorSigma: Bandwidths),
    iterations: Int, normalization: Normalization
  ) {
    precondition(iterations >= 0, "\(iterations) iterations")
    self.name = name
    self.source = source
    self.spatial = spatial
    self.bilateral = bilateral
    self.iterations = iterations
    self.normalization = normalization
  }

  /// The preset's pairwise terms.
  ///
  /// - Parameter selfTerm: whether a point counts among its own neighbours.
  /// - Parameter axisOrder: that of positions among features.
  public func terms(
    selfTerm: SelfTerm = .included, axisOrder: AxisOrder = .xFirst
  ) -> [PairwiseTerm] {
    [
      PairwiseTerm(
        SpatialGaussianKernel(sigma: spatial.sigma, axisOrder: axisOrder), weight: spatial.weight,
        normalization: normalization, selfTerm: selfTerm),
      PairwiseTerm(
        BilateralKernel(
          spatialSigma: bilateral.spatialSigma, colorSigma: bilateral.colorSigma,
          axisOrder: axisOrder), weight: bilateral.weight, normalization: normalization,
        selfTerm: selfTerm),
    ]
  }

  /// Every preset.
  public static let all: [Preset] = [
    Preset(
      name: "densecrf", source: "Krähenbühl & Koltun's example program, pydensecrf's README",
      spatial: (3, 3), bilateral: (10, 80, 13), iterations: 5, normalization: .symmetric),
    Preset(
      name: "deeplab-vgg", source: "DeepLab's VGG scripts", spatial: (3, 3),
      bilateral: (4, 49, 5), iterations: 10, normalization: .symmetric),
    Preset(
      name: "deeplab-largefov", source: "DeepLab LargeFOV", spatial: (3, 3),
      bilateral: (5, 50, 10), iterations: 10, normalization: .symmetric),
    Preset(
      name: "deeplab-largefov-narrow", source: "DeepLab LargeFOV, narrower colours",
      spatial: (3, 3), bilateral: (5, 50, 3), iterations: 10, normalization: .symmetric),
    Preset(
      name: "deeplab-v2-resnet101", source: "DeepLab v2 ResNet-101's model definition",
      spatial: (1, 4), bilateral: (5, 21, 3), iterations: 10, normalization: .symmetric),
    Preset(
      name: "deeplab-v2-pytorch", source: "DeepLab v2 ResNet-101's port to PyTorch",
      spatial: (3, 1), bilateral: (4, 67, 3), iterations: 10, normalization: .symmetric),
    Preset(
      name: "deconvnet", source: "DeconvNet, Noh, Hong & Han 2015", spatial: (3, 3),
      bilateral: (5, 20, 3), iterations: 10, normalization: .symmetric),
    Preset(
      name: "crf-rnn", source: "CRF as RNN, Zheng et al. 2015", spatial: (3, 3),
      bilateral: (5, 160, 3), iterations: 10, normalization: .after),
    Preset(
      name: "medical-3d", source: "dense3dCrf: volumes of two channels, sigmas as x, y, z",
      spatial: (3, [3, 3, 3]), bilateral: (5, [17, 12, 10], [4.5, 3.5]), iterations: 2,
      normalization: .symmetric),
  ]

  /// The preset called `name`.
  ///
  /// - Throws: `InputError` that lists the names where there is none.
  public static func named(_ name: String) throws -> Preset {
    guard let preset = all.first(where: { $0.name == name }) else {
      throw unknownName(name, of: "preset", among: all.map(\.name))
    }
    return preset
  }
}
