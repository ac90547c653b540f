import DeepLabNet
import LatticeSupport

/// A network, where its weights are, and how it looks at images; checked, but not read yet.
package struct NetworkSettings {
  package let entry: CatalogEntry
  package let weights: String
  /// Which tensors of the weights' file are meant.
  private let checkpointOptions: CheckpointOptions
  /// `nil` for those of the weights.
  package let classes: Int?
  package let outputStride: OutputStride
  package var views: SegmentationOptions
  /// `nil` where the network looks at whole images.
  package let proposals: ProposalChoice?

  /// The network that is named; `nil` where none is.
  ///
  /// - Throws: `InputError` naming the option that cannot be followed.
  package static func named(in options: NetworkOptions) throws -> NetworkSettings? {
    guard options.model != nil || options.weights != nil else {
      try OptionCheck.refuse(
        options.details, because: "says how a network is used, but none is named",
        remedy: "add --model NAME, or leave it out")
      return nil
    }
    return try NetworkSettings(options)
  }

  /// The network that is named, or the model that comes with the package.
  ///
  /// - Throws: `InputError` naming the option that cannot be followed.
  package init(_ options: NetworkOptions) throws {
    if let model = options.model, options.weights == nil {
      throw InputError(
        .usage, at: "--weights", "is missing: '\(model)' is a network without its weights",
        remedy: "give the file of a trained checkpoint; docs/networks.md says where they come from")
    }
    let weights = try options.weights ?? BundledModel.street.path()
    let model = try options.model ?? Self.network(in: options.checkpoint.open(weights))
    entry = try OptionCheck.naming("--model") { try NetworkCatalog.entry(named: model) }
    self.weights = weights
    checkpointOptions = options.checkpoint
    if let classes = options.classes, !(1...65536).contains(classes) {
      throw InputError(
        .usage, at: "--classes", "is \(classes), but must be 1…65536",
        remedy: "leave it out for those of the weights")
    }
    classes = options.classes
    let entry = entry
    outputStride = try OptionCheck.naming("--output-stride") {
      let stride = try options.outputStride.map { try OutputStride($0) }
      // Made once, and not used: it says whether the network can have the stride.
      _ = try entry.make(outputStride: stride)
      return stride ?? entry.defaultOutputStride
    }
    proposals = try ProposalChoice(options)
    views = SegmentationOptions()
    views.isFlipped = options.flip
    views.algorithm = options.convolution?.algorithm
    if let scales = options.scales { views.scales = try Self.scales(scales) }
  }

  /// The network that a checkpoint says it is for.
  private static func network(in checkpoint: CheckpointFile) throws -> String {
    guard let network = ModelNotes(metadata: checkpoint.metadata).network else {
      throw InputError(
        .usage, at: "--model",
        "is missing, and '\(checkpoint.place)' does not say which network it is for",
        remedy: "add --model NAME; 'deeplab inspect' finds the networks that fit a checkpoint")
    }
    return network
  }

  /// Reads the weights.
  ///
  /// - Throws: `InputError` where they cannot be read, or are those of another network.
  package func load(parallelism: Parallelism) throws -> LoadedNetwork {
    try LoadedNetwork(
      entry, weights: checkpointOptions.open(weights), classes: classes,
      outputStride: outputStride, views: views, proposals: proposals, parallelism: parallelism)
  }

  private static func scales(_ text: String) throws -> [Double] {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let scales = parts.compactMap { Double($0) }
    guard scales.count == parts.count else {
      throw InputError(
        .usage, at: "--scales", "is '\(text)', which is not a list of numbers",
        remedy: "as in --scales 1,0.75,0.5")
    }
    var options = SegmentationOptions()
    options.scales = scales
    try OptionCheck.naming("--scales") { try options.check() }
    return scales
  }
}

extension ProposalChoice {
  /// `nil` where the network looks at whole images.
  ///
  /// - Throws: `InputError` naming the option that cannot be followed.
  fileprivate init?(_ given: NetworkOptions) throws {
    guard let proposals = given.proposals else {
      try OptionCheck.refuse(
        [
          "--proposal-limit": given.proposalLimit != nil, "--aggregation": given.aggregation != nil,
        ], because: "says how proposals are looked at, but the network looks at whole images",
        remedy: "add --proposals edges, or leave it out")
      return nil
    }
    self.init(try OptionCheck.naming("--proposals") { try Source(proposals) })
    if let limit = given.proposalLimit {
      guard limit >= 1 else {
        throw InputError(
          .usage, at: "--proposal-limit", "is \(limit)", remedy: "give at least 1")
      }
      options.limit = limit
    }
    if let aggregation = given.aggregation { options.aggregation = aggregation }
  }
}
