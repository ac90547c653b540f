print("crf-refine")
