import DeepLabNet
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite("Objects and proposals as training examples")
struct BoxExamplesTests {
  private let preprocessing = Preprocessing(
    order: .rgb, divisor: 1, mean: [0.5, 0.5, 0.5], deviation: [1, 1, 1])

  private func options(_ change: (inout BoxExampleOptions) -> Void = { _ in }) -> BoxExampleOptions
  {
    var options = BoxExampleOptions()
    options.minimumArea = 9
    change(&options)
    return options
  }

  private func examples(
    _ source: BoxExamples.Source = .objects, of images: PaintedObjects,
    _ options: BoxExampleOptions, threads: Int = 2
  ) throws -> BoxExamples {
    try BoxExamples(
      source, of: images, classes: PaintedObjects.classes, options: options,
      parallelism: Parallelism(threads: threads))
  }

  private func batches(
    _ images: PaintedObjects, _ examples: BoxExamples, batch: Int = 1,
    _ augmentation: SampleAugmentation, startingAt step: Int = 0, memoryBudget: Int = 1 << 20
  ) throws -> SampleBatches {
    try SampleBatches(
      images, examples: examples, classes: PaintedObjects.classes,
      drawing: SampleDrawing(batch: batch, seed: 5, augmentation: augmentation),
      preprocessing: preprocessing, startingAt: step, prefetch: 2, memoryBudget: memoryBudget)
  }

  private func all(_ examples: BoxExamples) -> [BoxExamples.Example] {
    (0..<examples.count).map { examples[$0] }
  }

  private func box(_ rows: Range<Int>, _ columns: Range<Int>) -> PixelBox {
    PixelBox(rows: rows, columns: columns)
  }

  /// Two objects whose extended boxes have one size, each within the other's; a crumb of the first
  /// one's class and a pixel that does not count beside them; and an image without any.
  private let pair = PaintedObjects(paintings: [
    [
      .init(1, 4..<8, 8..<14), .init(2, 9..<13, 10..<16), .init(1, 2..<3, 16..<17),
      .init(255, 3..<4, 6..<7),
    ], [.init(3, 0..<2, 0..<2)],
  ])

  @Test("objects are seen in their extended boxes, labelled with their own class alone")
  func objects() throws {
    let found = try examples(of: pair, options { $0.scale = 2 })
    #expect(found.imagesWithout == 1)
    #expect((found.count, found.uniqueCount, found.classCount) == (2, 2, 2))
    #expect(all(found).map(\.box) == [box(2..<10, 5..<17), box(7..<15, 7..<19)])
    #expect(all(found).map(\.label) == [1, 2])
    // At the boxes' own size nothing is interpolated.
    let made = try batches(
      pair, found, SampleAugmentation(scales: .fixed(.init(height: 8, width: 12))))
    let labels = try pair.labels(0).labels
    var seen: Set<UInt16> = []
    for _ in 0..<2 {
      let batch = try made.next()
      let first = batch.images.values().prefix(2)
      let example = try #require(
        all(found).first {
          first == [
            Float($0.box.rows.lowerBound) * 10 - 0.5, Float($0.box.columns.lowerBound) * 10 - 0.5,
          ]
        })
      seen.insert(example.label)
      let points = example.box.rows.flatMap { row in
        example.box.columns.map { row * pair.grid.width + $0 }
      }
      let pixels = points.flatMap { point -> [Float] in
        [
          Float(point / pair.grid.width * 10) - 0.5, Float(point % pair.grid.width * 10) - 0.5,
          -0.5,
        ]
      }
      #expect(batch.images.values() == pixels)
      #expect(
        batch.labels
          == points.map { [example.label, 255].contains(labels[$0]) ? labels[$0] : 0 })
    }
    #expect(seen == [1, 2])
    // The first box has the crumb, the pixel that does not count, and some of the second object.
    let inside = Set(
      (2..<10).flatMap { row in (5..<17).map { labels[row * pair.grid.width + $0] } })
    #expect(inside == [0, 1, 2, 255])
  }

  @Test("what is no object takes the class that is named so")
  func background() throws {
    let found = try examples(
      of: pair,
      options {
        $0.background = 3
        $0.minimumArea = 24
      })
    // The ground is an object now, and larger than any other.
    #expect(Set(all(found).map(\.label)) == [0, 1, 2])
    let made = try batches(
      pair, found, batch: found.count,
      SampleAugmentation(scales: .fixed(.init(height: 20, width: 20))))
    let labels = try made.next().labels
    for start in stride(from: 0, to: labels.count, by: 400) {
      let classes = Set(labels[start..<start + 400]).subtracting([255, 3])
      #expect(classes.count == 1)
    }
  }

  @Test("boxes are resized to one size, of which crops are cut and mirrored")
  func resized() throws {
    let images = PaintedObjects(paintings: [[.init(1, 4..<8, 8..<14)]])
    let found = try examples(of: images, options { $0.scale = 1 })
    let made = try batches(
      images, found,
      SampleAugmentation(
        scales: .fixed(.init(height: 25, width: 25)), crop: .init(height: 22, width: 22),
        mirrors: true))
    var starts: Set<[Float]> = []
    var mirrored = 0
    for _ in 0..<60 {
      let batch = try made.next()
      #expect(batch.images.shape == TensorShape(batch: 1, height: 22, width: 22, channels: 3))
      // All of the object's box is the object.
      #expect(Set(batch.labels) == [1])
      let values = batch.images.values()
      let (left, right) = (values[1], values[21 * 3 + 1])
      if left > right { mirrored += 1 }
      // In the middle row and at both sides, since near a border all pixels are alike.
      starts.insert([values[11 * 22 * 3], left + right])
      // Colours of the box's own rows and columns, never of what is beside it.
      for point in stride(from: 0, to: values.count, by: 3) {
        #expect((39.5...69.5).contains(values[point]) && (79.5...129.5).contains(values[point + 1]))
      }
    }
    // Of 4 × 4 places and two sides, 60 draws leave out few: fewer than 12 of 16, or a side that
    // comes less than 15 times, has a probability below 10⁻⁴.
    #expect(starts.count >= 12)
    #expect((15...45).contains(mirrored))
  }

  /// The boxes of one image, whatever the image.
  private func proposals(_ boxes: [PixelBox]) throws -> BoxExamples.Source {
    let text = boxes.map {
      "\($0.columns.lowerBound),\($0.rows.lowerBound),\($0.columns.upperBound),\($0.rows.upperBound)"
    }.joined(separator: "\n")
    let file = try ProposalFile(text: text)
    return .proposals { _ in file }
  }

  @Test("proposals that overlap an object by half or more are examples, with all labels")
  func proposalsThatOverlap() throws {
    // The first object's box is 4 × 6. Common to it and the boxes are 12 of 24 pixels, the same, 24
    // of 48, of 36 and of 48, 12 of 24, 18 of 30; 24 of 52 are too few. Then 20 of the second
    // object's 24, and none.
    let boxes = [
      box(4..<8, 8..<11), box(4..<8, 11..<14), box(2..<10, 8..<14), box(4..<8, 5..<14),
      box(4..<8, 2..<14), box(5..<8, 8..<12), box(5..<9, 8..<14), box(4..<8, 1..<14),
      box(9..<13, 11..<16), box(0..<2, 0..<2),
    ]
    let found = try examples(proposals(boxes), of: pair, options { $0.scale = 1 })
    #expect(all(found).map(\.box) == Array(boxes[..<7]) + [boxes[8]])
    #expect(all(found).map(\.label) == [1, 1, 1, 1, 1, 1, 1, 2])
    #expect(found.imagesWithout == 1)
    let exact = try examples(
      proposals(boxes), of: pair,
      options {
        $0.overlap = 0.51
        $0.scale = 1.2
      })
    #expect(all(exact).map(\.label) == [1, 1, 2])
    // Extended like objects: 4 × 9 at 4, 5 by half a row and a column on each side.
    #expect(exact[0].box == box(4..<8, 5..<14).scaled(by: 1.2, within: pair.grid))
    let few = try examples(
      proposals(boxes), of: pair,
      options {
        $0.proposalLimit = 2
        $0.scale = 1
      })
    #expect(all(few).map(\.box) == Array(boxes.prefix(2)))

    let made = try batches(
      pair, few, batch: 2, SampleAugmentation(scales: .fixed(.init(height: 4, width: 3))))
    #expect(try made.next().labels.allSatisfy { $0 == 1 })
    let wide = try examples(
      proposals([box(4..<12, 8..<16)]), of: pair, options { $0.overlap = 0.3 })
    let labels = try batches(
      pair, wide, SampleAugmentation(scales: .fixed(.init(height: 10, width: 10)))
    ).next().labels
    #expect(Set(labels) == [0, 1, 2])
  }

  @Test("balanced classes have as many examples each, all of them, by repetition")
  func balanced() throws {
    let images = PaintedObjects.random(count: 12)
    let plain = try examples(of: images, options())
    let balanced = try examples(of: images, options { $0.balancesClasses = true })
    func counts(_ examples: BoxExamples) -> [UInt16: Int] {
      Dictionary(grouping: all(examples), by: \.label).mapValues(\.count)
    }
    let largest = try #require(counts(plain).values.max())
    #expect(Set(counts(plain).values).count > 1)
    #expect(Set(counts(balanced).values) == [largest])
    #expect(balanced.count == 3 * largest && balanced.uniqueCount == plain.count)
    for example in all(plain) { #expect(all(balanced).contains(example)) }
  }

  @Test("batches depend on the seed and the step alone, whatever the threads and what came before")
  func repeatable() throws {
    let images = PaintedObjects.random(count: 40)
    let augmentation = try SampleAugmentation(
      scales: .fixed(.init(height: 12, width: 12)), crop: .init(height: 10, width: 11),
      mirrors: true)
    for source in [BoxExamples.Source.objects, .proposals { _ in try SlidingGrid() }] {
      let found = try examples(source, of: images, options(), threads: 1)
      let again = try examples(source, of: images, options(), threads: 3)
      #expect(all(again) == all(found) && again.fingerprint == found.fingerprint)
      let smaller = try examples(source, of: images, options { $0.scale = 1.1 })
      #expect(smaller.fingerprint != found.fingerprint)
      let whole = try batches(images, found, batch: 3, augmentation)
      let expected = try (0..<9).map { _ in try whole.next() }
      let resumed = try batches(
        images, again, batch: 3, augmentation, startingAt: 6, memoryBudget: 0)
      for step in 6..<9 {
        let batch = try resumed.next()
        #expect(batch.images.values() == expected[step].images.values())
        #expect(batch.labels == expected[step].labels)
      }
    }
  }

  @Test("labels without objects, wrong labels and boxes outside are named, the first image's first")
  func refusals() throws {
    func error(
      _ source: BoxExamples.Source = .objects, of images: PaintedObjects,
      _ change: (inout BoxExampleOptions) -> Void = { _ in }
    ) -> String {
      errorText { _ = try examples(source, of: images, options(change), threads: 3) }
    }
    #expect(error(of: pair) { $0.minimumArea = 999 }.contains("2 images show no object"))
    #expect(error(of: pair) { $0.background = 4 }.contains("there are 4 classes: 0…3"))
    #expect(error(of: pair) { $0.background = 255 }.contains("does not count"))
    let far = try proposals([box(0..<3, 20..<24)])
    #expect(error(far, of: pair).contains("none of the proposals overlaps one of the 2 objects"))
    let outside = try proposals([box(0..<3, 24..<27)])
    #expect(error(outside, of: pair).hasPrefix("image 0: the proposal from (24.0, 0.0)"))
    var images = PaintedObjects.random(count: 20)
    images.paintings[17] = [.init(7, 0..<1, 0..<1)]
    images.paintings[4] = [.init(9, 2..<3, 1..<2)]
    #expect(
      error(of: images).hasPrefix("labels 4.png: has the label 9 at row 2, column 1"))
  }

  @Test("an image that has shrunk since its objects were looked for is named")
  func shrunk() throws {
    let found = try examples(of: pair, options())
    var images = pair
    images.grid = GridShape(width: 24, height: 8)
    images.paintings = [[], []]
    let made = try batches(
      images, found, SampleAugmentation(scales: .fixed(.init(height: 8, width: 8))))
    #expect(
      errorText { for _ in 0..<2 { _ = try made.next() } }.hasPrefix("image 0: has become smaller"))
  }
}
