import LatticeSupport
import Unaries

/// Looks for examples in all images, some of them side by side.
struct ExampleScan: Sendable {
  let source: BoxExamples.Source
  let images: any LabelledImages
  let classes: Int
  let void: UInt16
  let options: BoxExampleOptions

  /// What one image shows.
  struct Finding {
    var objects: Int
    var examples: [BoxExamples.Example]
  }

  /// As many images are looked at from one report to the next.
  private static let blockSize = 32

  /// - Parameter take: called for one image after the other.
  /// - Throws: the error of the first image that has one.
  func run(
    _ parallelism: Parallelism, progress: (Int) -> Void, take: (Finding) -> Void
  ) throws {
    for start in stride(from: 0, to: images.count, by: Self.blockSize) {
      let block = start..<min(images.count, start + Self.blockSize)
      let findings = try parallelism.map(block.count) { try look(at: block.lowerBound + $0) }
      findings.forEach(take)
      progress(block.upperBound)
    }
  }

  private func look(at index: Int) throws -> Finding {
    switch source {
    case .objects:
      let labels = try checkedLabels(index)
      let objects = objects(in: labels)
      let examples = objects.map { example(index, $0.box, $0.label, in: labels.grid) }
      return Finding(objects: objects.count, examples: examples)
    case .proposals(let proposals):
      let objects = objects(in: try checkedLabels(index))
      guard !objects.isEmpty else { return Finding(objects: 0, examples: []) }
      let examples = try examples(from: proposals(index), at: index, showing: objects)
      return Finding(objects: objects.count, examples: examples)
    }
  }

  private func checkedLabels(_ index: Int) throws -> LabelMap {
    let labels = try images.labels(index)
    do {
      try labels.check(classes: classes, ignoring: void)
    } catch let error as InputError {
      throw error.at(images.labelsPlace(index))
    }
    return labels
  }

  private func objects(in labels: LabelMap) -> [LabelledObject] {
    labels.objects(
      background: options.background, ignoring: void, atLeast: options.minimumArea)
  }

  private func examples(
    from source: any ProposalSource, at index: Int, showing objects: [LabelledObject]
  ) throws -> [BoxExamples.Example] {
    let image = try images.image(index)
    do {
      return try source.proposals(for: image, limit: options.proposalLimit)
        .prefix(options.proposalLimit).compactMap { proposal in
          let box = try proposal.pixels(of: image.grid)
          guard let label = label(of: box, among: objects) else { return nil }
          return example(index, box, label, in: image.grid)
        }
    } catch let error as InputError {
      throw error.at(images.name(index))
    }
  }

  /// The class of the object that `box` overlaps most, the first of several; `nil` where that is
  /// not enough.
  private func label(of box: PixelBox, among objects: [LabelledObject]) -> UInt16? {
    var best: (overlap: Double, label: UInt16)?
    for object in objects {
      let overlap = box.overlap(with: object.box)
      if overlap >= options.overlap, overlap > best?.overlap ?? 0 { best = (overlap, object.label) }
    }
    return best?.label
  }

  private func example(
    _ index: Int, _ box: PixelBox, _ label: UInt16, in grid: GridShape
  ) -> BoxExamples.Example {
    BoxExamples.Example(
      image: index, box: box.scaled(by: options.scale, within: grid), label: label)
  }

  /// What to say where there is no example, but perhaps there were objects.
  func nothingFound(objects: Int) -> InputError {
    guard objects == 0 else {
      return InputError(
        .data,
        "none of the proposals overlaps one of the \(objects) objects by \(options.overlap) or more",
        remedy: "take another source of proposals or more of them, or ask for less overlap")
    }
    return InputError(
      .data,
      "the labels of \(images.count) images show no object: no connected part of another class than "
        + "\(options.background), the background, has \(options.minimumArea) pixels or more",
      remedy: "check the background class, or take smaller parts")
  }
}
