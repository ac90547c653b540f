import DeepLabNet
import Formats
import Foundation
import TestSupport
import Testing
import Unaries

/// A short training in the fixtures, `net/train`: five steps that PyTorch has made in float64.
struct TrainingFixture: Sendable, CustomTestStringConvertible {
  let name: String
  let model: String
  var options: TrainerOptions

  var testDescription: String { name }

  private static func options(
    _ rule: OptimizerSettings.Rule, rate: Double, biasRate: Double, scales: [Double] = [1]
  ) -> TrainerOptions {
    TrainerOptions(
      optimizer: OptimizerSettings(
        rule, biasRate: biasRate, biasDecay: 0, lastRate: 10, lastBiasRate: 20),
      schedule: LearningRateSchedule(.poly, base: rate), steps: 20, normalization: .frozen,
      scales: scales)
  }

  static let all = [
    TrainingFixture(
      name: "vgg_largefov_torch_sgd", model: "deeplab-v1-largefov",
      options: options(.sgd, rate: 1e-4, biasRate: 2)),
    TrainingFixture(
      name: "vgg_largefov_caffe_sgd", model: "deeplab-v1-largefov",
      options: options(.caffeSGD, rate: 1e-4, biasRate: 2)),
    TrainingFixture(
      name: "kazuto_deeplabv2", model: "deeplab-v2-resnet101",
      options: options(.sgd, rate: 1e-4, biasRate: 1)),
    TrainingFixture(
      name: "kazuto_deeplabv2_msc", model: "deeplab-v2-resnet101",
      options: options(.sgd, rate: 5e-5, biasRate: 1, scales: [1, 0.5, 0.75])),
  ]

  func contents() throws -> AnyJSON {
    try AnyJSON.read(Shared.fixture("net/train/\(name).json"))
  }

  func batch() throws -> TrainingBatch {
    let images = try Tensor(
      channelsFirst: NPY.read(Shared.fixture("net/train/batch.input.npy")))
    let labels = try NPY.read(Shared.fixture("net/train/batch.labels.npy"))
    return TrainingBatch(images: images, labels: labels.values.map { UInt16($0) })
  }

  /// The trainer at its start, and its names for the fixture's parameters.
  func trainer() throws -> (trainer: Trainer, names: [String: String]) {
    let contents = try contents()
    let parameters = contents["params"].elements.map {
      ($0["key"].string ?? "", FixtureWeights.Rule($0))
    }
    let weights = FixtureWeights(
      place: name, salt: contents["salt"].string ?? "",
      parameters: parameters.map { (name: $0.0, rule: $0.1) })
    let entry = try NetworkCatalog.entry(named: model)
    let network = Self.withoutDropout(try entry.make(classes: 21))
    let source = try MappedCheckpoint(network, in: weights)
    let trainer = try Trainer(
      network, parameters: source, resize: entry.resize, options: options)
    let names = Dictionary(
      uniqueKeysWithValues: network.parameters.map {
        (source.scheme.key(for: $0.name) ?? "", $0.name)
      })
    return (trainer, names)
  }

  /// The fixtures were made without.
  private static func withoutDropout(_ network: Network) -> Network {
    var builder = NetworkBuilder(inputChannels: network.inputChannels)
    for node in network.nodes {
      if node.layer is Dropout {
        _ = builder.add(Dropout(rate: 0), to: node.inputs, named: node.name)
      } else {
        _ = node.layer.add(to: &builder, node.inputs, node.name)
      }
    }
    return builder.network(outputs: network.outputs)
  }
}

extension Layer {
  fileprivate func add(
    to builder: inout NetworkBuilder, _ inputs: [Network.Source], _ name: String
  ) -> Network.Source {
    builder.add(self, to: inputs, named: name)
  }
}
