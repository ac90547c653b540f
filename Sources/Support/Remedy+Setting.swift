/// What the numbers of a file of scores mean; labels among them.
public enum ScoreMeaning: String, Sendable, Hashable, CaseIterable {
  case logits, probabilities, energies, labels
}

extension Remedy {
  /// Something that a caller can set, whatever a front end calls it.
  ///
  /// The raw values are the names by which bindings to other languages give words for them.
  public enum Parameter: String, Sendable, Hashable, CaseIterable {
    /// What the numbers of an array of scores mean.
    case scoreKind = "score_kind"
    /// The order of the axes of an array of scores.
    case layout
    /// The order of the axes of an image that is an array.
    case imageLayout = "image_layout"
    /// Whether probabilities are divided by their sum.
    case normalizeScores = "normalize_scores"
    /// Whether scores are one channel, the foreground's.
    case singleChannel = "single_channel"
    /// What the numbers of a label map stand for.
    case labelMapping = "label_mapping"
    /// The label of points that do not count.
    case voidLabel = "void_label"
    /// What the colours of a label map stand for.
    case palette
    /// The numbers that are black and white in an image.
    case imageRange = "image_range"
    /// Whether pictures are turned as their EXIF orientation says.
    case orientation
    /// Which array of an archive is read.
    case member
    /// The side of the tiles that an image is cut into.
    case tiles
    /// Which page of a raster is read.
    case page
    /// Whether a band that is tagged as alpha is a channel.
    case alphaAsBand = "alpha_as_band"
    /// Whether an image and scores of different places are taken together.
    case ignorePlacement = "ignore_placement"
    /// Which points are left out.
    case mask
    /// The number of points whose label is not known.
    case unknownLabel = "unknown_label"
    /// The file of a network's weights.
    case weights
    /// How many classes there are.
    case classes
    /// Which dictionary of a checkpoint is read.
    case state
    /// What the names of the tensors begin with that are read.
    case prefix
    /// Which photographs of a data set are read.
    case split
    /// How a data set lies on disk.
    case datasetLayout = "dataset_layout"
    /// The shared library of a plug-in.
    case plugin
  }

  /// What is done with an EXIF orientation: see `OrientationRule` of Formats.
  public enum Turning: String, Sendable, Hashable, CaseIterable {
    case apply, ignore
  }

  /// A parameter with the value that it is to have.
  public enum Setting: Sendable, Hashable {
    /// What the numbers of an array of scores mean.
    case scoreKind(ScoreMeaning)
    /// The order of the axes of an array of scores.
    case layout(ChannelLayout)
    /// The order of the axes of an image that is an array.
    case imageLayout(ChannelLayout)
    /// That probabilities are divided by their sum.
    case normalizeScores
    /// That scores are one channel, the foreground's.
    case singleChannel
    /// What the numbers of a label map stand for: `255:1`, `cityscapes`.
    case labelMapping(String)
    /// The numbers that are black and white in an image.
    case imageRange(Float, Float)
    /// Whether pictures are turned as their EXIF orientation says.
    case orientation(Turning)
    /// Which array of an archive is read.
    case member(String)
    /// The side of the tiles that an image is cut into, in pixels.
    case tiles(Int)
    /// That a band that is tagged as alpha is a channel.
    case alphaAsBand
    /// That an image and scores of different places are taken together.
    case ignorePlacement
    /// Which dictionary of a checkpoint is read.
    case state(String)
    /// What the names of the tensors begin with that are read.
    case prefix(String)
    /// Any parameter, with a value that the caller has to choose.
    case chosen(Parameter)

    /// What is set.
    public var parameter: Parameter {
      switch self {
      case .scoreKind: .scoreKind
      case .layout: .layout
      case .imageLayout: .imageLayout
      case .normalizeScores: .normalizeScores
      case .singleChannel: .singleChannel
      case .labelMapping: .labelMapping
      case .imageRange: .imageRange
      case .orientation: .orientation
      case .member: .member
      case .tiles: .tiles
      case .alphaAsBand: .alphaAsBand
      case .ignorePlacement: .ignorePlacement
      case .state: .state
      case .prefix: .prefix
      case .chosen(let parameter): parameter
      }
    }

    /// The value in one word; `nil` where there is none to be named.
    public var value: String? {
      switch self {
      case .scoreKind(let kind): kind.rawValue
      case .layout(let axis), .imageLayout(let axis): axis.rawValue
      case .orientation(let turning): turning.rawValue
      case .imageRange(let low, let high): "\(low.shortText),\(high.shortText)"
      case .tiles(let side): "\(side)"
      case .labelMapping(let text), .member(let text), .state(let text), .prefix(let text): text
      case .normalizeScores, .singleChannel, .alphaAsBand, .ignorePlacement, .chosen: nil
      }
    }
  }
}
