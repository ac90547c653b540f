import Foundation
import LatticeSupport

/// What a state says beside its tensors: how they were trained, and how far.
public struct TrainingHeader: Encodable, Sendable {
  /// Everything that the training depends on.
  public let experiment: Experiment
  /// Steps done.
  public let step: Int
  /// The number of classes.
  public let classes: Int
  /// Photographs of the data set, on which epochs and the order of images depend; `nil` where a
  /// state does not say.
  public let images: Int?
  /// Photographs of the split that figures come from; `nil` where there is none.
  public let validationImages: Int?
  /// The fingerprint of the objects or proposals; `nil` where none are learnt from.
  public let examples: String?

  package init(
    experiment: Experiment, step: Int, classes: Int, images: Int, validationImages: Int?,
    examples: String?
  ) {
    self.experiment = experiment
    self.step = step
    self.classes = classes
    self.images = images
    self.validationImages = validationImages
    self.examples = examples
  }

  /// Reads what `text()` wrote. Keys that the experiment lacks have their defaults: they are
  /// younger than the state.
  ///
  /// - Throws: `InputError` where it is not a header, or says what no training can have said.
  package init(_ text: String, at path: String) throws {
    let remedy = "begin anew with these weights and another folder"
    let object = try? JSONValue(parsing: text)
    func number(_ key: String) -> Int? {
      object?[key]?.number.flatMap { Int(exactly: $0) }
    }
    guard let values = object?["experiment"], values.members != nil, let step = number("step"),
      let classes = number("classes"), step >= 0, (1...65535).contains(classes)
    else {
      throw InputError(
        .data, at: path, "does not say clearly how its weights were trained", remedy: remedy)
    }
    do {
      var experiment = try ExperimentText()
      try experiment.apply(values, at: "the experiment")
      self.experiment = try experiment.experiment()
      try self.experiment.check()
    } catch let error as InputError {
      throw InputError(
        .data, at: path, "\(error.place ?? "the experiment") \(error.problem)", remedy: remedy)
    }
    self.step = step
    self.classes = classes
    images = number("images")
    validationImages = number("validationImages")
    examples = object?["examples"]?.text
  }

  /// As JSON.
  package func text() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// Refuses to go on with other photographs.
  ///
  /// - Parameters:
  ///   - found: photographs of the data set as it is now.
  ///   - validation: those of the split that figures come from; `nil` where there is none.
  ///   - path: where it is.
  /// - Throws: `InputError` where there were more or fewer.
  func check(images found: Int, validation: Int?, at path: String) throws {
    func check(_ found: Int?, _ images: Int?, _ purpose: String) throws {
      guard let found, let images, images != found else { return }
      throw InputError(
        .data, at: path,
        "has \(found) photographs\(purpose), but had \(images) when the training began",
        remedy:
          "restore the data set, or begin anew with the weights that there are and another folder")
    }
    try check(found, images, "")
    try check(validation, validationImages, " in '\(experiment.validationSplit)'")
  }
}
