/// A network that was made to classify images, without its classifier: what finds the features.
protocol Backbone: Sendable {
  /// Adds the layers, whose names begin with `backbone.`.
  func add(to builder: inout NetworkBuilder) -> BackboneFeatures
}

/// What a backbone makes of an image.
struct BackboneFeatures {
  /// The output of a layer and its channels.
  struct Map {
    let source: Network.Source
    let channels: Int
  }

  /// The features: at the output stride.
  let last: Map
  /// Features of a few layers at every fourth pixel, for decoders.
  let low: Map
  /// Features half way, for classifiers that help to train; `nil` where there are none.
  let middle: Map?
}
