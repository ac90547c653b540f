import LatticeSupport

/// A network in the catalogue: how it is built, what it takes, and what is done with its scores.
public struct CatalogEntry: Sendable {
  /// The name on the command line: `deeplab-v2-resnet101`.
  public let name: String
  /// What it is, in a line.
  public let summary: String
  /// The title of the paper that describes it.
  public let paper: String
  /// The year of the paper.
  public let year: Int
  /// How an image becomes the network's input.
  public let preprocessing: Preprocessing
  /// How the scores come to the image's size.
  public let resize: ScoreResize
  /// The heights and widths that it takes.
  public let sizes: ImageSizes
  /// The output strides that it can be built for.
  public let outputStrides: [OutputStride]
  /// Pixels between neighbouring scores where a decoder makes them finer than the features,
  /// whatever the output stride; `nil` where they are those of the output stride.
  public let scoreStride: OutputStride?
  /// Makes a network.
  public typealias Build = @Sendable (_ classes: Int, _ outputStride: OutputStride) -> Network

  private let build: Build
  private let buildWithAuxiliaryHead: Build?

  /// The output stride of the paper.
  public let defaultOutputStride: OutputStride
  /// Pascal VOC 2012: twenty classes and the background.
  public static let defaultClasses = 21

  /// - Parameters:
  ///   - name: the name on the command line.
  ///   - summary: what it is, in a line.
  ///   - paper: the title of the paper that describes it.
  ///   - year: the year of the paper.
  ///   - preprocessing: how an image becomes the network's input.
  ///   - resize: how the scores come to the image's size.
  ///   - sizes: the heights and widths that it takes.
  ///   - outputStrides: the output strides that it can be built for.
  ///   - defaultOutputStride: the output stride of the paper.
  ///   - scoreStride: pixels between scores where a decoder makes them finer than the features.
  ///   - buildWithAuxiliaryHead: makes the network with a second output, `auxiliary`; `nil` where
  ///     it has none.
  ///   - build: makes the network; its first output is called `scores`.
  public init(
    name: String, summary: String, paper: String, year: Int, preprocessing: Preprocessing,
    resize: ScoreResize, sizes: ImageSizes = .any,
    outputStrides: [OutputStride] = OutputStride.all, defaultOutputStride: OutputStride = .eight,
    scoreStride: OutputStride? = nil,
    buildWithAuxiliaryHead: Build? = nil, build: @escaping Build
  ) {
    self.name = name
    self.summary = summary
    self.paper = paper
    self.year = year
    self.preprocessing = preprocessing
    self.resize = resize
    self.sizes = sizes
    self.outputStrides = outputStrides
    self.defaultOutputStride = defaultOutputStride
    self.buildWithAuxiliaryHead = buildWithAuxiliaryHead
    self.scoreStride = scoreStride
    self.build = build
  }

  /// Whether there is a classifier on features half way, which helps to train the network.
  public var hasAuxiliaryHead: Bool { buildWithAuxiliaryHead != nil }

  /// The network. Its first output, `scores`, is the logits at the network's own stride.
  ///
  /// - Parameters:
  ///   - classes: at least 1.
  ///   - outputStride: pixels between features; the paper's where it is `nil`.
  ///   - withAuxiliaryHead: whether the logits of the classifier half way are a second output,
  ///     `auxiliary`. Without it, a checkpoint's tensors for it are left out.
  /// - Throws: `InputError` where the network cannot have that output stride, or has no such
  ///   classifier.
  public func make(
    classes: Int = CatalogEntry.defaultClasses, outputStride: OutputStride? = nil,
    withAuxiliaryHead: Bool = false
  ) throws -> Network {
    let stride = outputStride ?? defaultOutputStride
    guard classes >= 1 else {
      throw InputError(.usage, "\(classes) classes of \(name)", remedy: "give at least one")
    }
    guard outputStrides.contains(stride) else {
      throw InputError(
        .usage, "\(name) cannot be built for an output stride of \(stride)",
        remedy: "choose " + outputStrides.map(\.description).joined(separator: " or "))
    }
    guard withAuxiliaryHead else { return build(classes, stride) }
    guard let buildWithAuxiliaryHead else {
      throw InputError(.usage, "\(name) has no auxiliary head")
    }
    return buildWithAuxiliaryHead(classes, stride)
  }
}

/// The heights and widths that a network takes.
public enum ImageSizes: Sendable, Hashable {
  /// Any that its windows fit into.
  case any
  /// k · step + offset: where the maps of several strides must meet.
  case multiple(of: Int, plus: Int)

  /// The smallest such length that is not below `length`: what an image is padded to.
  public func fitting(_ length: Int) -> Int {
    switch self {
    case .any: length
    case .multiple(let step, let offset):
      max(0, length - offset + step - 1) / step * step + offset
    }
  }
}
