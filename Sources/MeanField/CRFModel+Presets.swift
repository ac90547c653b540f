import LatticeSupport
import Unaries

extension CRFModel {
  /// The name of the preset that holds unless another is chosen, in every interface: the parameters
  /// of the DeepLab port that is used most.
  public static let defaultPreset = "deeplab-v2-pytorch"

  /// Settings that publications and programs use.
  public static let presets: [CRFModel] = [
    preset(
      "densecrf", "Krähenbühl & Koltun's example program, pydensecrf's README", spatial: (3, 3),
      bilateral: (10, 80, 13), iterations: 5),
    preset("deeplab-vgg", "DeepLab's VGG scripts", spatial: (3, 3), bilateral: (4, 49, 5)),
    preset("deeplab-largefov", "DeepLab LargeFOV", spatial: (3, 3), bilateral: (5, 50, 10)),
    preset(
      "deeplab-largefov-narrow", "DeepLab LargeFOV, narrower colours", spatial: (3, 3),
      bilateral: (5, 50, 3)),
    preset(
      "deeplab-v2-resnet101", "DeepLab v2 ResNet-101's model definition", spatial: (1, 4),
      bilateral: (5, 21, 3)),
    preset(
      "deeplab-v2-pytorch", "DeepLab v2 ResNet-101's port to PyTorch", spatial: (3, 1),
      bilateral: (4, 67, 3)),
    preset("deconvnet", "DeconvNet, Noh, Hong & Han 2015", spatial: (3, 3), bilateral: (5, 20, 3)),
    preset(
      "crf-rnn", "CRF as RNN, Zheng et al. 2015", spatial: (3, 3), bilateral: (5, 160, 3),
      normalization: .after),
    preset(
      "irn", "labels of IRN, Ahn, Cho & Kwak 2019, and ReCAM", spatial: (3, 3),
      bilateral: (10, 50, 5)),
    preset(
      "seam", "SEAM, Wang et al. 2020, MCTformer and 1-stage-wseg", spatial: (3, 3),
      bilateral: (10, 80, 13)),
    preset("clip-es", "CLIP-ES, Lin et al. 2023", spatial: (3, 1), bilateral: (4, 67, 3)),
    preset(
      "afa", "AFA, Ru et al. 2022, and WeCLIP", spatial: (3, 3), bilateral: (4, 64, 5)),
    preset(
      "toco", "segmentations of ToCo, Ru et al. 2023", spatial: (1, 1), bilateral: (4, 121, 5)),
    preset(
      "toco-cam", "activation maps of ToCo, Ru et al. 2023", spatial: (3, 3), bilateral: (4, 36, 3)),
    preset(
      "cutler", "masks of CutLER, Wang et al. 2023", spatial: (7, 3), bilateral: (10, 50, 5)),
    preset(
      "simplecrf", "SimpleCRF's example in two dimensions", spatial: (3, 3),
      bilateral: (10, 80, 13), iterations: 5),
    preset(
      "simplecrf-3d", "SimpleCRF's example in three dimensions, of one channel", spatial: (2, 5),
      bilateral: (3, 5, 5), iterations: 2),
    preset(
      "deepmedic", "DeepMedic's dense3dCrf: volumes of two channels, sigmas as x, y, z",
      spatial: (3, [3, 3, 3]), bilateral: (5, [17, 12, 10], [4.5, 3.5]), iterations: 2),
  ]

  /// The preset called `name`.
  ///
  /// - Throws: `InputError` that lists the names where there is none.
  public static func preset(_ name: String) throws -> CRFModel {
    guard let preset = presets.first(where: { $0.name == name }) else {
      throw unknownName(name, of: "preset", among: presets.compactMap(\.name))
    }
    return preset
  }

  /// DeepLab's two kernels (Chen et al. 2018, eq. 3).
  ///
  /// - Parameters:
  ///   - spatial: w₂ and σγ of the Gaussian kernel.
  ///   - bilateral: w₁, σα and σβ of the bilateral kernel.
  ///   - name: the name.
  ///   - source: where the values come from.
  ///   - iterations: mean field updates; at least 0.
  ///   - normalization: how the sums of both kernels are normalised.
  public static func deepLab(
    name: String? = nil, source: String? = nil, spatial: (weight: Float, sigma: Bandwidths),
    bilateral: (weight: Float, spatialSigma: Bandwidths, colorSigma: Bandwidths),
    iterations: Int = CRFModel.defaultIterations, normalization: Normalization = .symmetric
  ) -> CRFModel {
    CRFModel(
      name: name, source: source,
      terms: [
        Term(
          Description(.gaussian, ["spatial": .bandwidths(spatial.sigma)]), weight: spatial.weight,
          normalization: normalization),
        Term(
          Description(
            .bilateral,
            [
              "spatial": .bandwidths(bilateral.spatialSigma),
              "color": .bandwidths(bilateral.colorSigma),
            ]), weight: bilateral.weight, normalization: normalization),
      ], iterations: iterations)
  }

  private static func preset(
    _ name: String, _ source: String, spatial: (Float, Bandwidths),
    bilateral: (Float, Bandwidths, Bandwidths), iterations: Int = 10,
    normalization: Normalization = .symmetric
  ) -> CRFModel {
    deepLab(
      name: name, source: source, spatial: spatial, bilateral: bilateral, iterations: iterations,
      normalization: normalization)
  }

  /// The preset of that name, or the model in a file.
  ///
  /// - Parameter context: reads the file.
  /// - Parameter name: the name.
  /// - Throws: `InputError` where it is neither, or the file is not a model.
  public init(named name: String, context: DescriptionContext) throws {
    let unknown: InputError
    do {
      self = try CRFModel.preset(name)
      return
    } catch let error as InputError {
      unknown = error
    }
    let text: String
    do {
      text = try context.text(name)
    } catch let error as InputError {
      throw error.kind == .noInput ? unknown : error
    }
    do {
      self = try CRFModel(json: JSONValue(parsing: text))
    } catch let error as InputError {
      throw InputError(.data, at: name, error.problem, remedy: error.remedy)
    }
    if self.name == nil { self.name = Self.stem(of: name) }
    if source == nil { source = self.name }
  }

  private static func stem(of path: String) -> String {
    let name = path.split(separator: "/").last ?? "model"
    return String(name.lastIndex(of: ".").map { name[..<$0] } ?? name)
  }
}
