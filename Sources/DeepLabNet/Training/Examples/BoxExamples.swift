import LatticeSupport
import Unaries

/// Parts of labelled images that a network learns from: objects, or proposals that show some.
///
/// The two stages of Noh, Hong & Han (2015), arXiv:1505.04366, §4.2 and §6.1. Stage one learns from
/// objects in the middle of their boxes, labelled with their own class alone; stage two from object
/// proposals, which are as wrong as they will be later, with all labels. An object is a connected
/// part of one class in the labels, where the paper has annotated instances: two that touch are
/// one, and one that is cut in two by another is two.
public struct BoxExamples: Sendable {
  /// What becomes an example.
  public enum Source: Sendable {
    /// Objects. Pixels of the object's class keep their label, all others become background; what
    /// does not count still does not.
    case objects
    /// Proposals for image `index` that overlap an object; all labels stay.
    case proposals(@Sendable (_ index: Int) throws -> any ProposalSource)
  }

  /// A part of an image.
  package struct Example: Sendable, Equatable {
    package let image: Int
    /// What is seen of it.
    package let box: PixelBox
    /// The class of the object in it.
    package let label: UInt16
  }

  /// Photographs that show no object, or for which no proposal overlaps one: nothing is learnt from
  /// them.
  public let imagesWithout: Int
  /// How examples were chosen.
  public let options: BoxExampleOptions
  private let isClassSpecific: Bool
  let void: UInt16
  /// The images that were looked at.
  let imageCount: Int
  /// Class by class; of one class, in the order of the images.
  private let examples: [Example]
  /// The examples of each class that has any.
  private let groups: [Range<Int>]

  /// Looks for objects in all labels, and at all proposals for the images that have any.
  ///
  /// - Parameters:
  ///   - source: what becomes an example.
  ///   - images: where.
  ///   - classes: labels are 0..<`classes`.
  ///   - void: the label of pixels that do not count.
  ///   - options: how examples are chosen.
  ///   - parallelism: the threads that may read; they make no difference to the result.
  ///   - progress: told after each few images how many were looked at.
  /// - Throws: `InputError` naming what cannot be read, the first such image's; where the
  ///   background is not a class; and where there is no example at all.
  /// - Complexity: O(pixels), and what the proposals take; a few images are held at a time, and 48
  ///   bytes for each example.
  public init(
    _ source: Source, of images: any LabelledImages, classes: Int, ignoring void: UInt16 = 255,
    options: BoxExampleOptions = BoxExampleOptions(), parallelism: Parallelism = .automatic,
    progress: (Int) -> Void = { _ in }
  ) throws {
    options.checkRanges()
    guard Int(options.background) < classes, options.background != void else {
      let problem =
        options.background == void
        ? "which does not count" : "but there are \(classes) classes: 0…\(classes - 1)"
      throw InputError(
        .usage, "the background is the label \(options.background), \(problem)",
        remedy: "name the class that is not an object")
    }
    let scan = ExampleScan(
      source: source, images: images, classes: classes, void: void, options: options)
    var found = [[Example]](repeating: [], count: classes)
    var (imagesWithout, objects) = (0, 0)
    try scan.run(parallelism, progress: progress) { finding in
      if finding.examples.isEmpty { imagesWithout += 1 }
      objects += finding.objects
      for example in finding.examples { found[Int(example.label)].append(example) }
    }
    self.imagesWithout = imagesWithout
    self.options = options
    self.void = void
    imageCount = images.count
    isClassSpecific = if case .objects = source { true } else { false }
    examples = found.flatMap(\.self)
    var start = 0
    groups = found.filter { !$0.isEmpty }.map { group in
      defer { start += group.count }
      return start..<start + group.count
    }
    guard !examples.isEmpty else { throw scan.nothingFound(objects: objects) }
  }

  /// Different examples.
  public var uniqueCount: Int { examples.count }

  /// Classes with examples.
  public var classCount: Int { groups.count }

  /// Examples of an epoch. Where classes are balanced, each has as many as the one with the most,
  /// by repetition.
  public var count: Int {
    options.balancesClasses ? groups.count * largestGroup : examples.count
  }

  private var largestGroup: Int { groups.reduce(0) { max($0, $1.count) } }

  /// Example `index` (0..<`count`). O(classes).
  package subscript(index: Int) -> Example {
    guard options.balancesClasses else { return examples[index] }
    let (group, place) = index.quotientAndRemainder(dividingBy: largestGroup)
    return examples[groups[group].lowerBound + place % groups[group].count]
  }

  /// Tells these examples from others, in hexadecimal digits; not meant to withstand malice.
  /// O(examples).
  public var fingerprint: String {
    let value = examples.reduce(UInt64(count)) { value, example in
      let (rows, columns) = (example.box.rows, example.box.columns)
      return [
        example.image, Int(example.label), rows.lowerBound, rows.upperBound, columns.lowerBound,
        columns.upperBound,
      ].reduce(value) { value, number in
        var mixed = SeededGenerator(seed: value ^ UInt64(number))
        return mixed.next()
      }
    }
    return String(value, radix: 16)
  }

  /// Makes the labels of an example out of those of its image.
  ///
  /// - Parameters:
  ///   - labels: of all examples so far.
  ///   - start: where those of this one begin.
  ///   - example: whose they are.
  func annotate(_ labels: inout [UInt16], from start: Int, of example: Example) {
    guard isClassSpecific else { return }
    for place in start..<labels.count
    where labels[place] != example.label && labels[place] != void {
      labels[place] = options.background
    }
  }
}
