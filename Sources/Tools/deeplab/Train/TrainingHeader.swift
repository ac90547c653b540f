import Foundation
import LatticeSupport

/// What a state says beside its tensors: how they were trained, and how far.
struct TrainingHeader: Encodable {
  let experiment: Experiment
  /// Steps done.
  let step: Int
  let classes: Int
  /// Photographs of the data set, on which epochs and the order of images depend; `nil` where a
  /// state does not say.
  let images: Int?
  /// Photographs of the split that figures come from; `nil` where there is none.
  let validationImages: Int?
  /// The fingerprint of the objects or proposals; `nil` where none are learnt from.
  let examples: String?

  init(
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
  init(_ text: String, at path: String) throws {
    let remedy = "begin anew with --weights \(path) and another folder"
    let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    guard let object, let values = object["experiment"] as? [String: Any],
      let step = object["step"] as? Int, let classes = object["classes"] as? Int,
      step >= 0, (1...65535).contains(classes)
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
    images = object["images"] as? Int
    validationImages = object["validationImages"] as? Int
    examples = object["examples"] as? String
  }

  /// As JSON.
  func text() throws -> String {
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
        remedy: "restore the data set, or begin anew with --weights and another folder")
    }
    try check(found, images, "")
    try check(validation, validationImages, " in '\(experiment.validationSplit)'")
  }
}
